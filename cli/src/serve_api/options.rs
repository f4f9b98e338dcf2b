//! The flags of `podium serve-api`.

use super::{Clock, Server};
use sim_core::{Config, Sim};
use std::path::PathBuf;

/// The flags.
#[derive(clap::Args)]
pub(crate) struct ServeApiArgs {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 6443)]
    port: u16,
    /// Where all chance comes from: the same seed gives the same cluster.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many nodes the cluster has.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: u8,
    /// Give Services of type LoadBalancer an address, as a cloud does.
    #[arg(long)]
    cloud: bool,
    /// Run a metrics server, for `kubectl top` and for autoscalers.
    #[arg(long)]
    metrics: bool,
    /// Where to write the kubeconfig; a file in the folder for temporary files if not given.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Seconds that pass in the cluster in a second of ours.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed, conflicts_with = "idle")]
    speed: f64,
    /// Let time pass only while a client waits, and then as fast as it can: for tests.
    #[arg(long)]
    idle: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.01..=1_000.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.01 to 1000".to_string()),
    }
}

/// Serves until it is interrupted; gives the exit status.
pub(crate) fn run(args: &ServeApiArgs) -> u8 {
    match serve(args) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("podium: {error}");
            1
        }
    }
}

fn serve(args: &ServeApiArgs) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let &ServeApiArgs { seed, nodes, cloud, metrics, .. } = args;
    let world = Sim::new(Config { seed, nodes, cloud, metrics });
    let clock = if args.idle { Clock::idle() } else { Clock::real(args.speed) };
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let server = Server::start(world, clock, args.port).await?;
        let file = match &args.kubeconfig {
            Some(file) => file.clone(),
            None => std::env::temp_dir().join(format!("podium-{}.kubeconfig", server.port())),
        };
        write_secret(&file, &server.kubeconfig())?;
        let said =
            format!("serving {} until interrupted\nexport KUBECONFIG={}\n", server.url(), file.display());
        // Whoever does not read it is served all the same.
        let _ = std::io::Write::write_all(&mut std::io::stdout(), said.as_bytes());
        server.run().await;
        Ok(())
    })
}

/// A kubeconfig holds a key, so nobody else may read it.
fn write_secret(file: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
