//! The table of the customers' totals, which a deployment may do without.

use clap::Args;

use super::{AwsClients, Resource};
use crate::text::note;

/// The table of totals, or that there are none.
#[derive(Args, Clone)]
pub(crate) struct TotalsArguments {
    /// The table of the customers' totals
    #[arg(long, value_name = "TOTALS", required_unless_present_any = ["local", "stack", "without_totals"])]
    totals: Option<String>,
    /// Leave the customers' totals out, because the deployment does not keep them (KeepCustomerTotals=false). With --stack, the
    /// stack's output decides
    #[arg(long, conflicts_with = "totals")]
    without_totals: bool,
}

impl TotalsArguments {
    /// The name of the table; none where totals are left out, by the option or because the stack does not keep them. A table that
    /// is named is not left out.
    pub(crate) fn table(&self, clients: &AwsClients) -> anyhow::Result<Option<String>> {
        if self.without_totals {
            return Ok(None);
        }
        if let Some(stack) = clients.names.stack_without_totals().filter(|_| self.totals.is_none()) {
            note(&format!("stack {stack} keeps no customers' totals (KeepCustomerTotals=false): they are left out"));
            return Ok(None);
        }
        clients.name(Resource::Totals, self.totals.as_ref()).map(Some)
    }
}
