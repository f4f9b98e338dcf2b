//! Conversations with an interactive shell.
