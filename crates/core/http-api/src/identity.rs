//! Callers: who they are, what they may do, and whose orders they reach. The gateway authenticates; the functions fail closed when it
//! did not.

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

/// The most bytes of [`Caller::actor`]: it is kept with every commit, where 1 KB is a whole write unit.
pub const MAX_ACTOR: usize = 128;

/// The kinds of identity that a deployment accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// Signed requests (SigV4): callers are trusted services of the account and see every order.
    Iam,
    /// JSON web tokens: their scopes say what a caller may do.
    Jwt,
    /// JSON web tokens on one API, signed requests on another.
    JwtAndIam,
    /// None: every caller may do everything. For the local stack and for trials.
    None,
}

/// `AUTH_MODE` is not a known mode.
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
    /// The text that this claim must start with, and that is not part of the customer's id, such as `auth0|`; may be empty.
    pub customer_claim_prefix: String,
    /// The text before the names of scopes, such as `order-ledger/` with Cognito's resource servers; may be empty.
    pub scope_prefix: String,
}

/// Tokens whose `sub` is the customer's id, and whose scopes have no prefix.
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

/// The things that a caller may do, and the orders that they reach.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rights {
    /// Everything, with every order.
    All,
    /// Nothing, with no order: a token without any scope of this API.
    Nothing,
    /// The scopes of a service's token, with every order.
    Service(Vec<Scope>),
    /// The scopes of a customer's token, with the orders of one customer.
    Customer {
        /// The customer, as text: a claim that is not a customer's id matches no customer.
        customer: String,
        scopes: Vec<Scope>,
    },
}

impl Caller {
    /// The caller that the request context names.
    ///
    /// # Errors
    /// - `unauthenticated` when the context has no identity of a kind that this deployment accepts, or a customer's token does not
    ///   name a customer.
    /// - `mixed_scopes` when a token has scopes of a customer and of a service.
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

    /// Reads the scopes from the token's own claims: the `scopes` of the context are present on some routes only.
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

    /// The caller's name in the audit trail: `iam:<user ARN>`, `jwt:<sub>` or `anonymous`; at most [`MAX_ACTOR`] bytes.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Requires one of a route's scopes. The answer depends on the token alone, so it reveals nothing about any order.
    ///
    /// # Errors
    /// `insufficient_scope` when the token has none of the scopes, and not [`Scope::OrdersAdmin`] either.
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

    /// True if the caller reaches every customer's orders.
    #[must_use]
    pub fn sees_everyone(&self) -> bool {
        match &self.rights {
            Rights::All | Rights::Service(_) => true,
            Rights::Nothing | Rights::Customer { .. } => false,
        }
    }

    /// True if the caller may set prices: those of a new order, and the reduction of a cancellation.
    #[must_use]
    pub fn sets_prices(&self) -> bool {
        match &self.rights {
            Rights::All => true,
            Rights::Service(scopes) => scopes.contains(&Scope::OrdersPlacePriced),
            Rights::Nothing | Rights::Customer { .. } => false,
        }
    }

    /// True if the caller reaches this customer's orders.
    #[must_use]
    pub fn may_see(&self, customer: &CustomerId) -> bool {
        match &self.rights {
            Rights::All | Rights::Service(_) => true,
            Rights::Customer { customer: own, .. } => own == customer.as_str(),
            Rights::Nothing => false,
        }
    }
}

/// An actor within [`MAX_ACTOR`] bytes. One that is cut ends in a digest of the whole, so that no two read as one.
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
