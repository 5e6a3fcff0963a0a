//! Grafana from outside: the files that it is provisioned with, in a folder.

pub mod folder;
