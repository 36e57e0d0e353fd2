//! The names of the tables and the bus: given, those of a CloudFormation stack's outputs, or the local stack's.

use std::collections::BTreeMap;

use anyhow::Context;

/// The output of the template that says whether totals are kept: `true` or `false`.
const TOTALS_KEPT: &str = "CustomerTotalsKept";

/// A resource that a command takes by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Events,
    Summaries,
    Totals,
    Parked,
    Bus,
}

impl Resource {
    /// The name in the local stack: the id in the template.
    const fn local_name(self) -> &'static str {
        match self {
            Self::Events => "OrderEvents",
            Self::Summaries => "OrderSummaryByCustomer",
            Self::Totals => "CustomerTotals",
            Self::Parked => "ParkedOrders",
            Self::Bus => "OrderBus",
        }
    }

    /// The output of the template with the name.
    const fn output(self) -> &'static str {
        match self {
            Self::Events => "OrderEventsTable",
            Self::Summaries => "OrderSummaryByCustomerTable",
            Self::Totals => "CustomerTotalsTable",
            Self::Parked => "ParkedOrdersTable",
            Self::Bus => "OrderBusName",
        }
    }
}

/// The names of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Names {
    /// The ids of the template.
    Local,
    /// The outputs of a CloudFormation stack.
    Stack { stack: String, outputs: BTreeMap<String, String> },
    /// An account where each name is an option.
    Options,
}

impl Names {
    /// The name of a resource: as given, else that of the place.
    pub(crate) fn of(&self, resource: Resource, given: Option<&String>) -> anyhow::Result<String> {
        if let Some(given) = given {
            return Ok(given.clone());
        }
        match self {
            Self::Local => Ok(resource.local_name().to_owned()),
            Self::Stack { stack, outputs } => outputs.get(resource.output()).cloned().with_context(|| {
                let output = resource.output();
                format!("stack {stack} has no output {output}: it is not a stack of this template, or not deployed yet")
            }),
            Self::Options => anyhow::bail!("the name of {} is missing: name it, or add --stack", resource.local_name()),
        }
    }

    /// The name of the stack, if it is one that keeps no totals. A stack of a release without this output keeps them.
    pub(super) fn stack_without_totals(&self) -> Option<&str> {
        match self {
            Self::Stack { stack, outputs } => {
                outputs.get(TOTALS_KEPT).is_some_and(|kept| kept == "false").then_some(stack)
            }
            Self::Local | Self::Options => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_the_outputs_that_the_commands_read() {
        let template = include_str!("../../../../../template.yaml");
        let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
        let resources = [Resource::Events, Resource::Summaries, Resource::Totals, Resource::Parked, Resource::Bus];
        for resource in resources {
            let (_, output) = outputs.split_once(&format!("  {}:\n", resource.output())).unwrap();
            let value = output.lines().find_map(|line| line.strip_prefix("    Value: !Ref "));
            assert_eq!(value, Some(resource.local_name()), "{resource:?}");
        }
        let kept = format!("  {TOTALS_KEPT}:\n");
        let (_, kept) = outputs.split_once(&kept).unwrap();
        let value = kept.lines().find_map(|line| line.strip_prefix("    Value: !Ref "));
        assert_eq!(value, Some("KeepCustomerTotals"));
    }

    #[test]
    fn a_stack_keeps_totals_unless_its_output_says_false() {
        let stack = |outputs: &[(&str, &str)]| {
            let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Names::Stack { stack: "shop".to_owned(), outputs }
        };
        assert_eq!(stack(&[(TOTALS_KEPT, "false")]).stack_without_totals(), Some("shop"));
        for names in [stack(&[(TOTALS_KEPT, "true")]), stack(&[]), Names::Local, Names::Options] {
            assert_eq!(names.stack_without_totals(), None, "{names:?}");
        }
    }

    #[test]
    fn an_option_wins_over_an_output() {
        let outputs = BTreeMap::from([("OrderEventsTable".to_owned(), "shop-OrderEvents-1".to_owned())]);
        let names = Names::Stack { stack: "shop".to_owned(), outputs };
        assert_eq!(names.of(Resource::Events, None).unwrap(), "shop-OrderEvents-1");
        assert_eq!(names.of(Resource::Events, Some(&"Copy".to_owned())).unwrap(), "Copy");
        let missing = names.of(Resource::Parked, None).unwrap_err().to_string();
        assert!(missing.starts_with("stack shop has no output ParkedOrdersTable: "), "{missing}");
    }
}
