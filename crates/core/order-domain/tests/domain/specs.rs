//! Every rule and every rejection, by example.

mod cancellation;
mod corrections;
mod deliveries;
mod item_cancellations;
mod limits;
mod money;
mod payments;
mod placing;
mod refunds;
mod rejections;
mod returns;
mod shipments;
mod statuses;
mod values;
