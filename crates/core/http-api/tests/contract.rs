//! The contract, row by row: real API Gateway payloads in, commands, queries, replies and problems out.

// `cfg(test)` is how clippy knows that the helpers may unwrap like the tests they serve.
#[cfg(test)]
mod contract {
    mod commands;
    mod headers;
    mod hostile;
    mod identity;
    mod openapi;
    mod openapi_agreement;
    mod payload;
    mod problems;
    mod queries;
    mod quotes;
    mod responses;
}
