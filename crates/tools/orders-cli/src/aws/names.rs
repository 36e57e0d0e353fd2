//! The names of the tables and the bus, from options, from a CloudFormation stack's outputs, or from the local stack.

use std::collections::BTreeMap;
use std::str::FromStr;

use clap::Args;
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
    #[arg(long = "table", value_name = "NAME=TABLE")]
    tables: Vec<TableName>,
    /// The event bus, by name or ARN
    #[arg(long, value_name = "BUS")]
    bus: Option<String>,
    /// A read model to leave out because the deployment does not keep it, such as CustomerTotals. With --stack, the outputs
    /// of the stack decide. Can be repeated for further read models
    #[arg(long, value_name = "READ_MODEL")]
    without: Vec<Optional>,
}

/// The name of a table in the template, and the name of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TableName {
    name: String,
    table: String,
}

impl FromStr for TableName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || [EVENTS, PARKED].into_iter().chain(CORE.iter().map(|registered| registered.name));
        let pair = text.split_once('=').filter(|(name, table)| known().any(|it| it == *name) && !table.is_empty());
        let (name, table) = pair.ok_or_else(|| {
            let names = known().collect::<Vec<_>>().join(", ");
            format!("the form is NAME=TABLE, where NAME is one of {names}")
        })?;
        Ok(Self { name: name.to_owned(), table: table.to_owned() })
    }
}

/// The name of a read model that a deployment can leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Optional(&'static str);

impl FromStr for Optional {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let optional = || CORE.iter().filter(|registered| registered.is_optional).map(|registered| registered.name);
        optional().find(|it| *it == name).map(Self).ok_or_else(|| {
            let names = optional().collect::<Vec<_>>().join(", ");
            format!("a deployment can do without these read models: {names}")
        })
    }
}

/// The source of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Names {
    /// The ids of the template.
    Local,
    /// The outputs of a CloudFormation stack.
    Stack { stack: String, outputs: BTreeMap<String, String> },
    /// An account whose names are all options.
    Options,
}

impl Names {
    /// Returns the name of a table: from the option, or else from the source.
    pub(crate) fn table(&self, name: &str, given: &NameArguments) -> anyhow::Result<String> {
        let given = given.tables.iter().rev().find(|it| it.name == name).map(|it| it.table.clone());
        given.map_or_else(|| self.of_place(name, &format!("{name}Table"), &format!("--table {name}=TABLE")), Ok)
    }

    /// Returns the name or ARN of the event bus: from the option, or else from the source.
    pub(crate) fn bus(&self, given: &NameArguments) -> anyhow::Result<String> {
        given.bus.clone().map_or_else(|| self.of_place(BUS, &format!("{BUS}Name"), "--bus BUS"), Ok)
    }

    /// Returns the read models that the deployment keeps, with the names of their tables.
    pub(crate) fn read_models(&self, given: &NameArguments) -> anyhow::Result<Vec<(&'static Registered, String)>> {
        let kept = CORE.iter().filter(|registered| self.keeps(registered, given));
        kept.map(|registered| Ok((registered, self.table(registered.name, given)?))).collect()
    }

    /// Returns true if the deployment keeps a read model. A read model whose table is named in an option is kept. A stack of
    /// a release without the output keeps the read model.
    fn keeps(&self, registered: &Registered, given: &NameArguments) -> bool {
        let name = registered.name;
        if given.without.contains(&Optional(name)) {
            return false;
        }
        let is_named = given.tables.iter().any(|it| it.name == name);
        match self {
            Self::Stack { stack, outputs } if registered.is_optional && !is_named => {
                let is_kept = outputs.get(&format!("{name}Kept")).is_none_or(|kept| kept != "false");
                if !is_kept {
                    note(&format!("stack {stack} does not keep {name}: it is left out"));
                }
                is_kept
            }
            Self::Stack { .. } | Self::Local | Self::Options => true,
        }
    }

    fn of_place(&self, name: &str, output: &str, option: &str) -> anyhow::Result<String> {
        match self {
            Self::Local => Ok(name.to_owned()),
            Self::Stack { stack, outputs } => outputs.get(output).cloned().ok_or_else(|| {
                anyhow::anyhow!(
                    "stack {stack} has no output {output}: it is not a stack of this template, or not deployed yet"
                )
            }),
            Self::Options => {
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

impl Needs {
    /// Finds the first name that neither a stack nor an option gives.
    pub(super) fn check(self, given: &NameArguments) -> anyhow::Result<()> {
        for name in self.tables {
            Names::Options.table(name, given)?;
        }
        if self.read_models {
            Names::Options.read_models(given)?;
        }
        if self.bus {
            Names::Options.bus(given)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(outputs: &[(&str, &str)]) -> Names {
        let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Names::Stack { stack: "shop".to_owned(), outputs }
    }

    fn given(tables: &[&str], without: &[&str]) -> NameArguments {
        NameArguments {
            tables: tables.iter().map(|text| text.parse().unwrap()).collect(),
            bus: None,
            without: without.iter().map(|text| text.parse().unwrap()).collect(),
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
        let kept = |names: &Names, given: &NameArguments| -> Vec<&str> {
            CORE.iter().filter(|it| names.keeps(it, given)).map(|it| it.name).collect()
        };
        let all = ["OrderSummaryByCustomer", "CustomerTotals", "OrdersByStatus"];
        let without_totals = ["OrderSummaryByCustomer", "OrdersByStatus"];
        let none = NameArguments::default();
        for names in [stack(&[("CustomerTotalsKept", "true")]), stack(&[]), Names::Local, Names::Options] {
            assert_eq!(kept(&names, &none), all, "{names:?}");
            assert_eq!(kept(&names, &given(&[], &["CustomerTotals"])), without_totals, "{names:?}");
        }
        let without = stack(&[("CustomerTotalsKept", "false")]);
        assert_eq!(kept(&without, &none), without_totals);
        assert_eq!(kept(&without, &given(&["CustomerTotals=Copy"], &[])), all, "its table is named");
    }

    #[test]
    fn an_option_wins_over_an_output() {
        let names = stack(&[("OrderEventsTable", "shop-OrderEvents-1")]);
        assert_eq!(names.table(EVENTS, &given(&[], &[])).unwrap(), "shop-OrderEvents-1");
        assert_eq!(names.table(EVENTS, &given(&["OrderEvents=Copy"], &[])).unwrap(), "Copy");
        let missing = names.table(PARKED, &given(&[], &[])).unwrap_err().to_string();
        assert!(missing.starts_with("stack shop has no output ParkedOrdersTable: "), "{missing}");
    }

    #[test]
    fn a_name_that_the_template_lacks_is_refused() {
        for text in ["OrderEvents", "Orders=T", "OrderEvents="] {
            assert!(text.parse::<TableName>().unwrap_err().contains("OrderEvents, ParkedOrders, "), "{text}");
        }
        assert!("OrderSummaryByCustomer".parse::<Optional>().unwrap_err().contains("CustomerTotals"));
    }
}
