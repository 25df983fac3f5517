//! Talks to a node over HTTP.
