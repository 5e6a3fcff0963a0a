//! What an environment's functions run on.

use std::fmt;

use stacks::environment::{Architecture, Environment, Target};

/// What executables are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// The emulator starts them here, unoptimized.
    ThisMachine,
    /// Lambda starts them on this processor.
    Lambda(Architecture),
}

impl Platform {
    /// That of an environment: on AWS arm64, unless it says otherwise.
    pub fn of(environment: &Environment) -> Self {
        match (environment.target, environment.architecture) {
            (Target::Local, None) => Self::ThisMachine,
            (_, architecture) => Self::Lambda(architecture.unwrap_or(Architecture::Arm64)),
        }
    }
}

/// As `artifacts.json` names it: `arm64`, or `linux-x86_64` for a machine of that system and processor.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThisMachine => write!(f, "{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            Self::Lambda(architecture) => f.write_str(architecture.as_str()),
        }
    }
}
