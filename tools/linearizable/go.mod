module stardock/tools/linearizable

go 1.26.0

tool stardock/tools/linearizable

require github.com/anishathalye/porcupine v1.3.1
