//! A share of a core, as Lambda gives it: the kernel's bandwidth control.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// The kernel counts in periods. Lambda's are of 20 ms.
const PERIOD_US: u32 = 20_000;

/// A control group. It is removed when this is dropped, by when its processes must have ended.
pub(super) struct Quota {
    group: PathBuf,
}

impl Quota {
    /// Makes a group with that share of a core. It takes root.
    ///
    /// # Errors
    /// There is no control group of CPU time, or it is not ours to make.
    pub(super) fn new(share: f64) -> Result<Self> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a period is one")]
        let quota = (f64::from(PERIOD_US) * share) as u32;
        let (parent, limits) = if Path::new("/sys/fs/cgroup/cpu").is_dir() {
            let limits = [("cpu.cfs_period_us", PERIOD_US.to_string()), ("cpu.cfs_quota_us", quota.to_string())];
            ("/sys/fs/cgroup/cpu", limits.to_vec())
        } else {
            ("/sys/fs/cgroup", vec![("cpu.max", format!("{quota} {PERIOD_US}"))])
        };
        let group = Path::new(parent).join(format!("cold-start-{}", std::process::id()));
        std::fs::create_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
        let made = Self { group };
        for (file, value) in limits {
            let file = made.group.join(file);
            std::fs::write(&file, value).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(made)
    }

    /// A command that enters the group, and then becomes `binary`. The shell adds a millisecond to every start.
    pub(super) fn command(&self, binary: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r#"echo $$ > "$0" && exec "$1""#]).arg(self.group.join("cgroup.procs")).arg(binary);
        command
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // What stays behind is empty, and gone at the next start of the machine.
        let _ = std::fs::remove_dir(&self.group);
    }
}
