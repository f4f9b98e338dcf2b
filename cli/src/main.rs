//! The program `podium`.

fn main() -> std::process::ExitCode {
    podium::run()
}
