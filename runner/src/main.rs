//! The program `pgdrill`.

fn main() -> std::process::ExitCode {
    pgdrill::cli::main()
}
