"""Events on Kafka: how they are written, read, retried and put aside. See README.md."""
