//! Programs: what `/usr/bin` holds.
//!
//! Each file is a program (or a pair of twins) of the real name: `async fn main(sys, args)`, its options as the real
//! one has them, its texts to the letter. What the real one can do and ours cannot, it says: `NAME: WHAT is not
//! simulated`, status 2. [`support`] is what they share; [`PROGRAMS`] is the table that file systems are filled from.


pub mod kubectl;
