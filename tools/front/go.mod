module stardock/tools/front

go 1.26.0

tool stardock/tools/front
