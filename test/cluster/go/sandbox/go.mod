module tare.test/cluster/sandbox

go 1.26.0
