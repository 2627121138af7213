//! The simulated Discord under test: as a world in this process, and over real sockets.

mod client;
mod gateway;
mod people;
mod rest;
mod sockets;
