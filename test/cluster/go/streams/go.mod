module tare.test/cluster/streams

go 1.26.0
