//! Who calls, what they may do, and whose orders they may see. The gateway authenticates; this fails closed when it did not.

use std::str::FromStr;

use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayRequestAuthorizerIamDescription as IamIdentity, ApiGatewayRequestAuthorizerJwtDescription as JwtIdentity,
};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use order_domain::values::CustomerId;
use sha2::{Digest, Sha256};

use crate::problem::Problem;
use crate::scopes::Scope;

/// The most bytes of [`Caller::actor`]: it is kept with every commit, where 1 KB is a whole write unit.
pub const MAX_ACTOR: usize = 128;

/// How the gateway in front authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// Signed requests (SigV4): callers are trusted services of the account and see every order.
    Iam,
    /// JSON web tokens: callers are customers, or hold [`Scope::OrdersAdmin`].
    Jwt,
    /// Not at all, in so many words: the local stack.
    None,
}

/// `AUTH_MODE` is none of `iam`, `jwt` and `none`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("AUTH_MODE must be iam, jwt or none, not '{0}'")]
pub struct UnknownAuthMode(String);

impl FromStr for AuthMode {
    type Err = UnknownAuthMode;

    fn from_str(word: &str) -> Result<Self, UnknownAuthMode> {
        match word {
            "iam" => Ok(Self::Iam),
            "jwt" => Ok(Self::Jwt),
            "none" => Ok(Self::None),
            _ => Err(UnknownAuthMode(word.to_owned())),
        }
    }
}

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    actor: String,
    rights: Rights,
}

/// What a caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rights {
    /// Everything, with the orders of everyone.
    All,
    /// What their token is for, with the orders of one customer.
    Customer {
        /// The token's `sub`, as text: it need not be an id of ours, and then matches no customer.
        subject: String,
        /// The scopes of the token that mean something here.
        scopes: Vec<Scope>,
    },
}

impl Caller {
    /// The caller that the request context names.
    ///
    /// # Errors
    /// `unauthenticated` when it names none of the kind that this deployment authenticates.
    pub fn of(request: &Request, mode: AuthMode) -> Result<Self, Problem> {
        let authorizer = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.authorizer.as_ref(),
            Some(_) | None => None,
        };
        let (caller, challenge) = match mode {
            AuthMode::None => (Some(Self { actor: "anonymous".to_owned(), rights: Rights::All }), ""),
            AuthMode::Iam => (authorizer.and_then(|it| it.iam.as_ref()).and_then(Self::of_iam), "AWS4-HMAC-SHA256"),
            AuthMode::Jwt => (authorizer.and_then(|it| it.jwt.as_ref()).and_then(Self::of_jwt), "Bearer"),
        };
        caller.ok_or_else(|| Problem::unauthenticated(challenge))
    }

    fn of_iam(identity: &IamIdentity) -> Option<Self> {
        let arn = identity.user_arn.as_deref().filter(|arn| !arn.is_empty())?;
        Some(Self { actor: shortened(format!("iam:{arn}")), rights: Rights::All })
    }

    /// Only the token's own claims say what it may do: the context's `scopes` are there for some routes and not others.
    fn of_jwt(identity: &JwtIdentity) -> Option<Self> {
        let subject = identity.claims.get("sub").filter(|subject| !subject.trim().is_empty())?;
        let claims = ["scope", "scp"].into_iter().filter_map(|claim| identity.claims.get(claim));
        // A claim that is a list arrives as "[one two]".
        let granted: Vec<_> = claims.flat_map(|claim| claim.trim_matches(['[', ']']).split(' ')).collect();
        let scopes: Vec<_> = Scope::ALL.iter().copied().filter(|scope| granted.contains(&scope.as_str())).collect();
        let rights = if scopes.contains(&Scope::OrdersAdmin) {
            Rights::All
        } else {
            Rights::Customer { subject: subject.clone(), scopes }
        };
        Some(Self { actor: shortened(format!("jwt:{subject}")), rights })
    }

    /// Who it is, for the audit trail: `iam:<user ARN>`, `jwt:<sub>` or `anonymous`; at most [`MAX_ACTOR`] bytes.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Holds the caller to the scope of a route. It looks at the token alone, so its answer tells nothing of any order.
    ///
    /// # Errors
    /// `insufficient_scope` when their token has neither that scope nor [`Scope::OrdersAdmin`].
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        match &self.rights {
            Rights::All => Ok(()),
            Rights::Customer { scopes, .. } if scopes.contains(&scope) => Ok(()),
            Rights::Customer { .. } => Err(Problem::insufficient_scope(scope)),
        }
    }

    /// Whether they may see and touch every customer's orders.
    #[must_use]
    pub fn sees_everyone(&self) -> bool {
        match &self.rights {
            Rights::All => true,
            Rights::Customer { .. } => false,
        }
    }

    /// Whether they may see and touch that customer's orders.
    #[must_use]
    pub fn may_see(&self, customer: &CustomerId) -> bool {
        match &self.rights {
            Rights::All => true,
            Rights::Customer { subject, .. } => subject == customer.as_str(),
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
