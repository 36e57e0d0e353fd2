//! The declarations of a template: its resources of each kind, in the template's order.

use crate::error::TemplateError;
use crate::event_bus::{self, EventBus};
use crate::function::{self, Function};
use crate::grant::{self, Grant};
use crate::http_api::{self, HttpApi};
use crate::jwt_authorizer::JwtAuthorizer;
use crate::log_group::{self, LogGroup};
use crate::resource_policy::{self, ResourcePolicy};
use crate::route::{self, Route};
use crate::rule::{self, Rule};
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
        let mut routes = Vec::new();
        for id in self.resources_of_type(route::TYPE) {
            if self.is_deployed(id)? {
                routes.push(Route::read(self, id)?);
            }
        }
        Ok(routes)
    }

    /// Returns the HTTP APIs that are deployed with these parameters, in the template's order.
    ///
    /// # Errors
    /// When an API has a CORS configuration or a condition that this crate does not support.
    pub fn http_apis(&self) -> Result<Vec<HttpApi>, TemplateError> {
        let mut apis = Vec::new();
        for id in self.resources_of_type(http_api::TYPE) {
            if self.is_deployed(id)? {
                apis.push(HttpApi::read(self, id)?);
            }
        }
        Ok(apis)
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

    /// Returns the log groups, in the template's order.
    ///
    /// # Errors
    /// When a log group has no name or keeps its entries for ever.
    pub fn log_groups(&self) -> Result<Vec<LogGroup>, TemplateError> {
        self.resources_of_type(log_group::TYPE).map(|id| LogGroup::read(self, id)).collect()
    }

    /// Returns the event buses, in the template's order.
    #[must_use]
    pub fn event_buses(&self) -> Vec<EventBus> {
        self.resources_of_type(event_bus::TYPE).map(|id| EventBus { logical_id: id.to_owned() }).collect()
    }

    /// Returns the rules of event buses, in the template's order.
    ///
    /// # Errors
    /// When a rule names no bus, has no pattern, or has a target without an ARN.
    pub fn rules(&self) -> Result<Vec<Rule>, TemplateError> {
        self.resources_of_type(rule::TYPE).filter(|id| !self.is_schedule(id)).map(|id| Rule::read(self, id)).collect()
    }

    /// Returns the schedules that invoke functions, in the template's order.
    ///
    /// # Errors
    /// When a schedule has no rate, or does not invoke exactly one function with a JSON payload.
    pub fn schedules(&self) -> Result<Vec<Schedule>, TemplateError> {
        self.resources_of_type(rule::TYPE)
            .filter(|id| self.is_schedule(id))
            .map(|id| Schedule::read(self, id))
            .collect()
    }

    fn is_schedule(&self, id: &str) -> bool {
        let properties = self.resources.get(id).and_then(|rule| rule.get("Properties"));
        properties.is_some_and(|properties| properties.get(schedule::EXPRESSION).is_some())
    }

    /// Returns the policies of queues, topics, buckets, log groups and roles, in the template's order.
    ///
    /// # Errors
    /// When a policy has a form that this crate does not support: principals other than services and anyone, exceptions, or
    /// separate policies for log groups.
    pub fn resource_policies(&self) -> Result<Vec<ResourcePolicy>, TemplateError> {
        resource_policy::only_in_log_groups(self)?;
        let policies = self.types().filter_map(|(id, kind)| Some((id, resource_policy::document_of(kind)?)));
        let policies = policies.filter(|(id, document)| self.resources[*id]["Properties"].get(document).is_some());
        policies.map(|(id, document)| ResourcePolicy::read(self, id, document)).collect()
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
}
