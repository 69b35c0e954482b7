"""Apache Kafka itself on one machine: fetched by lock, started short, asked in Kafka's own protocol."""
