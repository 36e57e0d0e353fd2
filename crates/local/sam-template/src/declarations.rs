//! The declarations of a template: its resources of each kind, in the template's order.

use crate::error::TemplateError;
use crate::function::{self, Function};
use crate::grant::{self, Grant};
use crate::http_api::{self, HttpApi};
use crate::jwt_authorizer::JwtAuthorizer;
use crate::route::{self, Route};
use crate::schedule::{self, Schedule};
use crate::stream_mapping::{self, StreamMapping};
use crate::table::{self, Table};
use crate::template::Template;

impl Template {
    /// Returns the DynamoDB tables, in the template's order.
    ///
    /// # Errors
    /// When a table lacks what `CreateTable` needs.
    pub fn tables(&self) -> Result<Vec<Table>, TemplateError> {
        self.resources_of_type(table::TYPE).map(|id| Table::read(self, id)).collect()
    }

    /// Returns the Lambda functions, in the template's order.
    ///
    /// # Errors
    /// When a function has no binary, memory size or time-out.
    pub fn functions(&self) -> Result<Vec<Function>, TemplateError> {
        self.resources_of_type(function::TYPE).map(|id| Function::read(self, id)).collect()
    }

    /// Returns the routes of the HTTP APIs that are deployed with these parameters, in the template's order.
    ///
    /// # Errors
    /// When a route has no method and path, or does not lead to a function.
    pub fn routes(&self) -> Result<Vec<Route>, TemplateError> {
        self.deployed_of_type(route::TYPE)?.into_iter().map(|id| Route::read(self, id)).collect()
    }

    /// Returns the HTTP APIs that are deployed with these parameters, in the template's order.
    ///
    /// # Errors
    /// When an API has a CORS configuration or a condition that this crate does not support.
    pub fn http_apis(&self) -> Result<Vec<HttpApi>, TemplateError> {
        self.deployed_of_type(http_api::TYPE)?.into_iter().map(|id| HttpApi::read(self, id)).collect()
    }

    /// Returns the JWT authorizer with this logical id.
    ///
    /// # Errors
    /// When there is no such authorizer, or it is not a JWT authorizer that reads the header `Authorization`.
    pub fn jwt_authorizer(&self, id: &str) -> Result<JwtAuthorizer, TemplateError> {
        JwtAuthorizer::read(self, id)
    }

    /// Returns the mappings from a table's stream to a function, in the template's order.
    ///
    /// # Errors
    /// When a mapping leaves its batch size or retries to Lambda's defaults, does not lead from a table to a function, or
    /// has a property that this crate does not support.
    pub fn stream_mappings(&self) -> Result<Vec<StreamMapping>, TemplateError> {
        self.resources_of_type(stream_mapping::TYPE).map(|id| StreamMapping::read(self, id)).collect()
    }

    /// Returns the local names of the event buses. A reference to the name or the ARN of a bus resolves to one of them:
    /// `OrderBus` for `!Ref OrderBus`, `OrderBus.Name` and `OrderBus.Arn` for `!GetAtt`.
    #[must_use]
    pub fn event_bus_names(&self) -> Vec<String> {
        let names = |id: &str| [id.to_owned(), format!("{id}.Name"), format!("{id}.Arn")];
        self.resources_of_type("AWS::Events::EventBus").flat_map(names).collect()
    }

    /// Returns the schedules that invoke functions, in the template's order.
    ///
    /// # Errors
    /// When a schedule has no rate, or does not invoke exactly one function with a JSON payload.
    pub fn schedules(&self) -> Result<Vec<Schedule>, TemplateError> {
        let is_schedule = |id: &&str| self.resources[*id]["Properties"].get(schedule::EXPRESSION).is_some();
        self.resources_of_type(schedule::TYPE).filter(is_schedule).map(|id| Schedule::read(self, id)).collect()
    }

    /// Returns the statements that the roles allow, in the template's order.
    ///
    /// # Errors
    /// When a grant has a form that this crate does not support: managed policies, policies outside the roles, or
    /// statements with exceptions.
    pub fn grants(&self) -> Result<Vec<Grant>, TemplateError> {
        grant::only_in_roles(self)?;
        let grants: Result<Vec<_>, _> = self.resources_of_type(grant::TYPE).map(|id| Grant::read(self, id)).collect();
        Ok(grants?.into_iter().flatten().collect())
    }

    fn deployed_of_type<'t>(&'t self, kind: &'t str) -> Result<Vec<&'t str>, TemplateError> {
        let deployed = |id| self.is_deployed(id).map(|is_deployed| is_deployed.then_some(id)).transpose();
        self.resources_of_type(kind).filter_map(deployed).collect()
    }
}
