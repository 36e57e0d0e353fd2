//! Every rule and every refusal, by example.

mod cancellation;
mod corrections;
mod deliveries;
mod payments;
mod placing;
mod refunds;
mod rejections;
mod returns;
mod shipments;
mod statuses;
mod values;
