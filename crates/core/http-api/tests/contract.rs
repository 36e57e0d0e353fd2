//! Tests the contract, row by row: real API Gateway payloads go in; commands, queries, replies and problems come out.

// `cfg(test)` tells clippy that the helpers may unwrap like the tests that use them.
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
