"""Speed and memory, each as a ratio against a floor in the same run. `python -m bench`; figures in bench/README.md."""
