//! HTTP/1.1 over descriptors, for the programs that speak it.
