//! Placeholder of the first commit: its helper fills it.
