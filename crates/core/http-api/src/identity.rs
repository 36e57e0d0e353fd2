//! Callers: their identity, their rights, and the orders that they can access. The gateway authenticates. If it did
//! not, the functions fail closed.

use std::str::FromStr;

use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayRequestAuthorizerIamDescription as IamIdentity, ApiGatewayRequestAuthorizerJwtDescription as JwtIdentity,
};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use order_domain::values::CustomerId;
use sha2::{Digest, Sha256};

use crate::problem::Problem;
use crate::scopes::{Scope, ScopeHolder};

/// The largest size of [`Caller::actor`] in bytes. Every commit stores it, and each KB costs a whole write unit.
pub const MAX_ACTOR: usize = 128;

/// The kinds of identity that a deployment accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// Signed requests (SigV4): callers are trusted services of the account and can access every order.
    Iam,
    /// JSON web tokens: their scopes define what a caller may do.
    Jwt,
    /// JSON web tokens on one API, signed requests on another.
    JwtAndIam,
    /// No authentication: every caller may do everything. For the local stack and for trials.
    None,
}

/// The value of `AUTH_MODE` is not a known mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("AUTH_MODE must be iam, jwt, jwt+iam or none, not '{0}'")]
pub struct UnknownAuthMode(String);

impl FromStr for AuthMode {
    type Err = UnknownAuthMode;

    fn from_str(word: &str) -> Result<Self, UnknownAuthMode> {
        match word {
            "iam" => Ok(Self::Iam),
            "jwt" => Ok(Self::Jwt),
            "jwt+iam" => Ok(Self::JwtAndIam),
            "none" => Ok(Self::None),
            _ => Err(UnknownAuthMode(word.to_owned())),
        }
    }
}

/// The identities that a deployment accepts, and how it reads tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    /// The kinds of identity.
    pub mode: AuthMode,
    /// The claim that names the customer in a customer's token, such as `sub`.
    pub customer_claim: String,
    /// The text that this claim must start with and that is not part of the customer's id, such as `auth0|`; it can be
    /// empty.
    pub customer_claim_prefix: String,
    /// The text before the names of scopes, such as `order-ledger/` with Cognito's resource servers; it can be empty.
    pub scope_prefix: String,
}

/// Accepts tokens whose `sub` is the customer's id, and whose scopes have no prefix.
impl From<AuthMode> for Authentication {
    fn from(mode: AuthMode) -> Self {
        let none = String::new;
        Self { mode, customer_claim: "sub".to_owned(), customer_claim_prefix: none(), scope_prefix: none() }
    }
}

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    actor: String,
    rights: Rights,
    scope_prefix: String,
}

/// The operations that a caller may use, and the orders that it can access.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rights {
    /// All operations on all orders.
    All,
    /// No operation on any order: the token has no scope of this API.
    Nothing,
    /// The scopes of a service's token, for all orders.
    Service(Vec<Scope>),
    /// The scopes of a customer's token, for the orders of that customer.
    Customer {
        /// The customer as text. A claim that is not a valid customer id matches no customer.
        customer: String,
        scopes: Vec<Scope>,
    },
}

impl Caller {
    /// Returns the caller that the request context names.
    ///
    /// # Errors
    /// - `unauthenticated` if the context has no identity of a kind that this deployment accepts, or if a customer's
    ///   token does not name a customer.
    /// - `mixed_scopes` if a token has scopes of a customer and of a service.
    pub fn of(request: &Request, authentication: &Authentication) -> Result<Self, Problem> {
        let authorizer = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.authorizer.as_ref(),
            Some(_) | None => None,
        };
        let iam = authorizer.and_then(|it| it.iam.as_ref());
        let jwt = authorizer.and_then(|it| it.jwt.as_ref());
        let unsigned = Problem::unauthenticated("AWS4-HMAC-SHA256");
        match (authentication.mode, jwt, iam) {
            (AuthMode::None, _, _) => Ok(Self::with_all_rights("anonymous".to_owned())),
            (AuthMode::Iam, None, Some(iam)) => Self::of_iam(iam).ok_or(unsigned),
            (AuthMode::Iam, _, _) => Err(unsigned),
            (AuthMode::Jwt | AuthMode::JwtAndIam, Some(jwt), None) => Self::of_jwt(jwt, authentication),
            (AuthMode::JwtAndIam, None, Some(iam)) => Self::of_iam(iam).ok_or(unsigned),
            (AuthMode::Jwt | AuthMode::JwtAndIam, _, _) => Err(Problem::unauthenticated("Bearer")),
        }
    }

    fn with_all_rights(actor: String) -> Self {
        Self { actor, rights: Rights::All, scope_prefix: String::new() }
    }

    fn of_iam(identity: &IamIdentity) -> Option<Self> {
        let arn = identity.user_arn.as_deref().filter(|arn| !arn.is_empty())?;
        Some(Self::with_all_rights(shortened(format!("iam:{arn}"))))
    }

    /// Reads the scopes from the token's own claims, because the context has `scopes` on some routes only.
    fn of_jwt(identity: &JwtIdentity, authentication: &Authentication) -> Result<Self, Problem> {
        let Authentication { mode: _, customer_claim, customer_claim_prefix, scope_prefix } = authentication;
        let claim = |name: &str| identity.claims.get(name).filter(|value| !value.trim().is_empty());
        let unauthenticated = || Problem::unauthenticated("Bearer");
        // A token of the client credentials grant may lack `sub`.
        let subject = claim("sub").or_else(|| claim("client_id")).ok_or_else(unauthenticated)?;
        let lists = ["scope", "scp"].into_iter().filter_map(|claim| identity.claims.get(claim));
        // A claim that is a list arrives as "[one two]".
        let granted = lists.flat_map(|claim| claim.trim_matches(['[', ']']).split_whitespace());
        let granted: Vec<_> = granted.filter_map(|scope| scope.strip_prefix(scope_prefix.as_str())).collect();
        let scopes: Vec<_> = Scope::ALL.iter().copied().filter(|scope| granted.contains(&scope.as_str())).collect();
        let has = |holder| scopes.iter().any(|scope| scope.holder() == holder);
        let rights = match (has(ScopeHolder::Admin), has(ScopeHolder::Customer), has(ScopeHolder::Service)) {
            (true, _, _) => Rights::All,
            (false, true, true) => return Err(Problem::mixed_scopes()),
            (false, true, false) => {
                let name = claim(customer_claim).ok_or_else(unauthenticated)?;
                let customer = name.strip_prefix(customer_claim_prefix.as_str()).ok_or_else(unauthenticated)?;
                Rights::Customer { customer: customer.to_owned(), scopes }
            }
            (false, false, true) => Rights::Service(scopes),
            (false, false, false) => Rights::Nothing,
        };
        Ok(Self { actor: shortened(format!("jwt:{subject}")), rights, scope_prefix: scope_prefix.clone() })
    }

    /// Returns the caller's name in the audit trail: `iam:<user ARN>`, `jwt:<sub>` or `anonymous`, at most
    /// [`MAX_ACTOR`] bytes.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Requires one of a route's scopes. The result depends on the token alone, so it reveals nothing about any order.
    ///
    /// # Errors
    /// Returns `insufficient_scope` if the token has none of the scopes, nor [`Scope::OrdersAdmin`].
    pub fn require(&self, accepted: &[Scope]) -> Result<(), Problem> {
        let has_one = |scopes: &[Scope]| scopes.iter().any(|scope| accepted.contains(scope));
        match &self.rights {
            Rights::All => Ok(()),
            Rights::Service(scopes) | Rights::Customer { scopes, .. } if has_one(scopes) => Ok(()),
            Rights::Nothing | Rights::Service(_) | Rights::Customer { .. } => {
                Err(Problem::insufficient_scope(accepted, &self.scope_prefix))
            }
        }
    }

    /// Returns true if the caller can access every customer's orders.
    #[must_use]
    pub fn sees_everyone(&self) -> bool {
        match &self.rights {
            Rights::All | Rights::Service(_) => true,
            Rights::Nothing | Rights::Customer { .. } => false,
        }
    }

    /// Returns true if the caller may set prices: those of a new order, and the reduction of a cancellation.
    #[must_use]
    pub fn sets_prices(&self) -> bool {
        match &self.rights {
            Rights::All => true,
            Rights::Service(scopes) => scopes.contains(&Scope::OrdersPlacePriced),
            Rights::Nothing | Rights::Customer { .. } => false,
        }
    }

    /// Returns true if the caller can access this customer's orders.
    #[must_use]
    pub fn may_see(&self, customer: &CustomerId) -> bool {
        match &self.rights {
            Rights::All | Rights::Service(_) => true,
            Rights::Customer { customer: own, .. } => own == customer.as_str(),
            Rights::Nothing => false,
        }
    }
}

/// Shortens an actor to [`MAX_ACTOR`] bytes. A shortened actor ends in a digest of the whole, so that two actors always
/// differ.
fn shortened(actor: String) -> String {
    if actor.len() <= MAX_ACTOR {
        return actor;
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(&actor));
    let digest = format!("~{:08x}", u32::from_be_bytes([a, b, c, d]));
    let cut = actor.floor_char_boundary(MAX_ACTOR - digest.len());
    let kept = actor.split_at_checked(cut).map_or("", |(kept, _)| kept);
    format!("{kept}{digest}")
}
