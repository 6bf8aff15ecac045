//! The parts of the suite, as the command line names them.

use clap::ValueEnum;
use clap::builder::PossibleValue;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Unit,
    Runtime,
    Fuzz,
    Blackbox,
    Up,
    Browser,
    Provider,
    Iac,
    Node,
}

impl ValueEnum for Part {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Unit => "Every crate but those of the next three, natively: units and use cases",
            Self::Runtime => "The own tests of the embedded runtime, with small guests, and of the mocks",
            Self::Fuzz => "Every parser with its corpus and changes to it, for a minute",
            Self::Blackbox => "The built components over HTTP, with PostgreSQL and the mocks",
            Self::Up => "`cargo xtask up` itself, from the outside",
            Self::Browser => "The pages in a real Chromium",
            Self::Provider => "The Python helper with llama.cpp's own server",
            Self::Iac => "Terraform, Ansible and Kubernetes files",
            Self::Node => "The light overlay on a real node; Linux and root. Only when named",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl Part {
    /// In the order in which they run. The last one runs only when it is named.
    const ALL: [Self; 9] = [
        Self::Unit,
        Self::Runtime,
        Self::Fuzz,
        Self::Blackbox,
        Self::Up,
        Self::Browser,
        Self::Provider,
        Self::Iac,
        Self::Node,
    ];
    /// What runs when none is named: all that need nothing of a machine but what xtask installs.
    pub(super) const DEFAULT: &[Self] = Self::ALL.split_at(Self::ALL.len() - 1).0;

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Runtime => "runtime",
            Self::Fuzz => "fuzz",
            Self::Blackbox => "blackbox",
            Self::Up => "up",
            Self::Browser => "browser",
            Self::Provider => "provider",
            Self::Iac => "iac",
            Self::Node => "node",
        }
    }

    /// Whether it runs the built components.
    pub(super) fn runs_app(self) -> bool {
        matches!(self, Self::Blackbox | Self::Up | Self::Browser | Self::Provider | Self::Node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_but_the_node_runs_when_none_is_named() {
        let all = Part::value_variants().iter().filter(|part| **part != Part::Node);
        assert!(all.eq(Part::DEFAULT.iter()));
    }
}
