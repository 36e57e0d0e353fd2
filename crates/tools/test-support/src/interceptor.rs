//! An action before each operation of an AWS client, by an interceptor of the real SDK.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeSerializationInterceptorContextMut, Input};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Calls a function with the input of each operation, before it is sent. The function may change the input.
pub struct BeforeEach<F>(pub F);

impl<F> fmt::Debug for BeforeEach<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BeforeEach")
    }
}

#[dyn_dispatch_hint]
impl<F: Fn(&mut Input) + Send + Sync> Intercept for BeforeEach<F> {
    fn name(&self) -> &'static str {
        "BeforeEach"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        (self.0)(context.input_mut());
        Ok(())
    }
}
