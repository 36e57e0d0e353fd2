//! The names of the tables and the bus, from options, from a CloudFormation stack's outputs, or from the local stack.

use std::collections::BTreeMap;

use anyhow::Context;
use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use read_models::registry::{CORE, Registered};

use crate::text::note;

/// The events table, by its name in the template.
pub(crate) const EVENTS: &str = "OrderEvents";
/// The table of parked orders, by its name in the template.
pub(crate) const PARKED: &str = "ParkedOrders";
/// The event bus, by its name in the template.
const BUS: &str = "OrderBus";

/// The names that override the names of the stack.
#[derive(Args, Clone, Default)]
pub(crate) struct NameArguments {
    /// The name of a table that differs from the stack's name for it: the name in the template and the name of the table,
    /// such as OrderEvents=orders-restored. Can be repeated for further tables
    #[arg(long = "table", value_name = "NAME=TABLE", value_parser = table_name)]
    tables: Vec<(String, String)>,
    /// The event bus, by name or ARN
    #[arg(long, value_name = "BUS")]
    bus: Option<String>,
    /// A read model to leave out because the deployment does not keep it. With --stack, the outputs of the stack decide. Can
    /// be repeated for further read models
    #[arg(long, value_name = "READ_MODEL", value_parser = PossibleValuesParser::new(optional()))]
    without: Vec<String>,
}

/// Returns the names of the read models that a deployment can leave out.
fn optional() -> impl Iterator<Item = &'static str> {
    CORE.iter().filter(|registered| registered.is_optional).map(|registered| registered.name)
}

/// Parses the name of a table in the template, and the name of the table.
fn table_name(text: &str) -> Result<(String, String), String> {
    let known = || [EVENTS, PARKED].into_iter().chain(CORE.iter().map(|registered| registered.name));
    let pair = text.split_once('=').filter(|(name, table)| known().any(|it| it == *name) && !table.is_empty());
    pair.map(|(name, table)| (name.to_owned(), table.to_owned())).ok_or_else(|| {
        let names = known().collect::<Vec<_>>().join(", ");
        format!("the form is NAME=TABLE, where NAME is one of {names}")
    })
}

/// The source of the names that no option gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The ids of the template.
    Local,
    /// The outputs of a CloudFormation stack.
    Stack { stack: String, outputs: BTreeMap<String, String> },
    /// An account whose names are all options.
    Options,
}

/// The names of the tables and the bus.
pub(crate) struct Names {
    pub(super) source: Source,
    pub(super) given: NameArguments,
}

impl Names {
    /// Returns the name of a table, given its name in the template.
    pub(crate) fn table(&self, name: &str) -> anyhow::Result<String> {
        let given = self.given.tables.iter().rev().find(|(it, _)| it == name).map(|(_, table)| table.clone());
        given.map_or_else(|| self.of_source(name, &format!("{name}Table"), &format!("--table {name}=TABLE")), Ok)
    }

    /// Returns the name or ARN of the event bus.
    pub(crate) fn bus(&self) -> anyhow::Result<String> {
        self.given.bus.clone().map_or_else(|| self.of_source(BUS, &format!("{BUS}Name"), "--bus BUS"), Ok)
    }

    /// Returns the read models that the deployment keeps, with the names of their tables.
    pub(super) fn read_models(&self) -> anyhow::Result<Vec<(&'static Registered, String)>> {
        let kept = CORE.iter().filter(|registered| self.keeps(registered));
        kept.map(|registered| Ok((registered, self.table(registered.name)?))).collect()
    }

    /// Finds the first needed name that neither an option nor the source gives.
    pub(super) fn check(&self, needs: Needs) -> anyhow::Result<()> {
        needs.tables.iter().try_for_each(|name| self.table(name).map(drop))?;
        if needs.read_models {
            self.read_models()?;
        }
        if needs.bus {
            self.bus()?;
        }
        Ok(())
    }

    /// Returns true if the deployment keeps a read model. A read model whose table is named in an option is kept. A stack of
    /// a release without the output keeps the read model.
    fn keeps(&self, registered: &Registered) -> bool {
        let name = registered.name;
        if self.given.without.iter().any(|it| it == name) {
            return false;
        }
        let is_named = self.given.tables.iter().any(|(it, _)| it == name);
        match &self.source {
            Source::Stack { stack, outputs } if registered.is_optional && !is_named => {
                let is_kept = outputs.get(&format!("{name}Kept")).is_none_or(|kept| kept != "false");
                if !is_kept {
                    note(&format!("stack {stack} does not keep {name}: it is left out"));
                }
                is_kept
            }
            Source::Stack { .. } | Source::Local | Source::Options => true,
        }
    }

    fn of_source(&self, name: &str, output: &str, option: &str) -> anyhow::Result<String> {
        match &self.source {
            Source::Local => Ok(name.to_owned()),
            Source::Stack { stack, outputs } => outputs.get(output).cloned().with_context(|| {
                format!("stack {stack} has no output {output}: it does not use this template, or is not deployed yet")
            }),
            Source::Options => {
                let message = format!("the name of {name} is missing: add --stack NAME, or {option}\n");
                Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, message).into())
            }
        }
    }
}

/// The names that a command needs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Needs {
    /// Tables, by their names in the template.
    pub(crate) tables: &'static [&'static str],
    pub(crate) read_models: bool,
    pub(crate) bus: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(outputs: &[(&str, &str)]) -> Source {
        let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Source::Stack { stack: "shop".to_owned(), outputs }
    }

    fn given(tables: &[&str], without: &[&str]) -> NameArguments {
        NameArguments {
            tables: tables.iter().map(|text| table_name(text).unwrap()).collect(),
            bus: None,
            without: without.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn the_template_has_the_outputs_that_the_commands_read() {
        let template = include_str!("../../../../../template.yaml");
        let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
        let value_of = |output: &str| {
            let (_, output) = outputs.split_once(&format!("  {output}:\n")).unwrap_or_else(|| panic!("no {output}"));
            output.lines().find_map(|line| line.strip_prefix("    Value: !Ref ")).unwrap().to_owned()
        };
        assert_eq!(value_of("OrderBusName"), BUS);
        for table in [EVENTS, PARKED].into_iter().chain(CORE.iter().map(|registered| registered.name)) {
            assert_eq!(value_of(&format!("{table}Table")), table);
        }
        for optional in CORE.iter().filter(|registered| registered.is_optional) {
            assert_eq!(value_of(&format!("{}Kept", optional.name)), format!("Keep{}", optional.name));
        }
    }

    #[test]
    fn a_read_model_is_kept_unless_the_stack_or_an_option_leaves_it_out() {
        let kept = |source: &Source, given: &NameArguments| -> Vec<&str> {
            let names = Names { source: source.clone(), given: given.clone() };
            CORE.iter().filter(|it| names.keeps(it)).map(|it| it.name).collect()
        };
        let all = CORE.map(|registered| registered.name).to_vec();
        let without_totals: Vec<&str> = all.iter().copied().filter(|name| *name != "CustomerTotals").collect();
        let none = NameArguments::default();
        for source in [stack(&[("CustomerTotalsKept", "true")]), stack(&[]), Source::Local, Source::Options] {
            assert_eq!(kept(&source, &none), all, "{source:?}");
            assert_eq!(kept(&source, &given(&[], &["CustomerTotals"])), without_totals, "{source:?}");
        }
        let without = stack(&[("CustomerTotalsKept", "false")]);
        assert_eq!(kept(&without, &none), without_totals);
        assert_eq!(kept(&without, &given(&["CustomerTotals=Copy"], &[])), all, "its table is named");
    }

    #[test]
    fn an_option_wins_over_an_output() {
        let source = stack(&[("OrderEventsTable", "shop-OrderEvents-1")]);
        let table = |name, given| Names { source: source.clone(), given }.table(name);
        assert_eq!(table(EVENTS, given(&[], &[])).unwrap(), "shop-OrderEvents-1");
        assert_eq!(table(EVENTS, given(&["OrderEvents=Copy"], &[])).unwrap(), "Copy");
        let missing = table(PARKED, given(&[], &[])).unwrap_err().to_string();
        assert!(missing.starts_with("stack shop has no output ParkedOrdersTable: "), "{missing}");
    }

    #[test]
    fn a_name_that_the_template_lacks_is_refused() {
        for text in ["OrderEvents", "Orders=T", "OrderEvents="] {
            assert!(table_name(text).unwrap_err().contains("OrderEvents, ParkedOrders, "), "{text}");
        }
    }
}
