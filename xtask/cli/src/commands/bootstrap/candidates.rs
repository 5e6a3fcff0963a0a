//! Which environments are prepared, and which are left out and why.

use serde::Serialize;
use stacks::Inputs;
use stacks::environment::{Environment, Target};
use telemetry::Model;

use session::account_of_credentials;
use session::{Exit, Explain, Failure, Project};

/// Why there is nothing to prepare.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// The command line names an environment that counts on nothing of this.
    #[error("environment `{0}` is not to be bootstrapped: its file does not say `bootstrap = true`")]
    Unwanted(String),
    /// Every environment was left out.
    #[error("there is no environment to prepare{}", reasons(.0))]
    None(Vec<LeftOut>),
}

fn reasons(left_out: &[LeftOut]) -> String {
    let line = |LeftOut { environment, why }: &LeftOut| format!("\n  {environment}: {why}");
    left_out.iter().map(line).collect()
}

impl Explain for CandidateError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unwanted(_) => Exit::Configuration,
            Self::None(_) => Exit::NoEnvironment,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unwanted(name) => format!(
                "write `bootstrap = true` in environments/{name}.toml, and it uses the account's bucket and a \
                 boundary; where it is deployed without, the first deployment after that is made with an \
                 administrator's credentials: the role that deploys may not take a boundary off again, which a \
                 rollback does"
            ),
            Self::None(_) => {
                "put the account of your credentials into a file of environments/, or use others (AWS_PROFILE)"
                    .to_owned()
            }
        })
    }
}

/// An environment that is prepared.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What a device sends.
    pub model: Model,
    /// Where it goes.
    pub environment: Environment,
}

impl Candidate {
    /// What its stacks are made from.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs { model: &self.model, environment: &self.environment }
    }
}

/// An environment that is not prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub environment: String,
    /// Why.
    pub why: String,
}

/// The environments of the checkout.
#[derive(Debug)]
pub struct Candidates {
    /// Those that are prepared, by name.
    pub chosen: Vec<Candidate>,
    /// The others.
    pub left_out: Vec<LeftOut>,
    /// Whether the command line names them.
    explicit: bool,
}

impl Candidates {
    /// The environments of these names; of no names, all that want it.
    pub fn read(project: &Project, names: &[&str], overrides: &[(String, String)]) -> Result<Self, Failure> {
        let explicit = !names.is_empty();
        let all = project.environments();
        let mut names: Vec<&str> =
            if explicit { names.to_vec() } else { all.iter().map(String::as_str).collect() };
        names.sort_unstable();
        names.dedup();
        let mut candidates = Self { chosen: Vec::new(), left_out: Vec::new(), explicit };
        for name in names {
            let (model, environment) = project.load_sample(name, overrides)?;
            if environment.bootstrap {
                candidates.chosen.push(Candidate { model, environment });
            } else if explicit {
                return Err(CandidateError::Unwanted(name.to_owned()).into());
            } else {
                candidates.leave_out(name, "its file does not say `bootstrap = true`");
            }
        }
        candidates.some()
    }

    /// Leaves out those of accounts that the credentials are not for, unless the command line names them:
    /// then it is a mistake, which whoever connects to them is told.
    pub async fn of_the_credentials(mut self) -> Result<Self, Failure> {
        let Some(first) = self.chosen.iter().find(|one| one.environment.target == Target::Aws) else {
            return Ok(self);
        };
        if self.explicit {
            return Ok(self);
        }
        let account = account_of_credentials(&first.environment).await?;
        for candidate in std::mem::take(&mut self.chosen) {
            let Environment { name, target, account: expected, .. } = &candidate.environment;
            if *target == Target::Aws && *expected != account {
                let why = format!("it belongs to account {expected}, and the credentials are for {account}");
                self.leave_out(name, &why);
            } else {
                self.chosen.push(candidate);
            }
        }
        self.some()
    }

    /// The environments that share an account and a Region, together.
    pub fn places(&self) -> Vec<&[Candidate]> {
        self.chosen.chunk_by(same_place).collect()
    }

    fn leave_out(&mut self, environment: &str, why: &str) {
        self.left_out.push(LeftOut { environment: environment.to_owned(), why: why.to_owned() });
    }

    /// Sorted by place, so that those of one place are neighbours.
    fn some(mut self) -> Result<Self, Failure> {
        if self.chosen.is_empty() {
            return Err(CandidateError::None(self.left_out).into());
        }
        self.chosen.sort_by(|one, other| place(one).cmp(&place(other)));
        Ok(self)
    }
}

fn place(candidate: &Candidate) -> (&str, &str, &str) {
    let Environment { account, region, name, .. } = &candidate.environment;
    (account, region, name)
}

fn same_place(one: &Candidate, other: &Candidate) -> bool {
    let Environment { account, region, target, .. } = &one.environment;
    (account, region, target)
        == (&other.environment.account, &other.environment.region, &other.environment.target)
}
