//! Private channels: `private:NAME` belongs to the program that first used it, which decides who may
//! listen by the tokens that it hands out.

use app::{backend::Answer, error::QuadError, model::UserId};
use tokio::sync::OnceCell;

use super::{Service, channels::Channel, tokens::Grant};
use crate::{
    live::hub::Owner,
    security::{
        subscribe_token::{Claims, Signer},
        token::Scope,
    },
    store::{keys, now},
};

/// The longest a token is good for, in seconds: a day.
const LONGEST: u64 = 86_400;
/// How long a token is good for where nothing else is asked for, in seconds.
const USUAL: u64 = 3_600;

/// The instance's signer, made when it is first needed.
#[derive(Default)]
pub struct Signing(OnceCell<Signer>);

/// A token that lets somebody listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeToken {
    /// The token itself.
    pub token: String,
    /// Until when it is good; milliseconds since 1970, UTC.
    pub expires_at: u64,
}

impl Service {
    /// Makes a token for one's own private channel. `user` is an id; without one, whoever has the
    /// token may listen. Errors: `forbidden` where the channel is another program's or not private,
    /// `invalid`, 429.
    pub async fn create_subscribe_token(
        &self,
        grant: &Grant,
        channel: &str,
        user: Option<UserId>,
        seconds: Option<u64>,
    ) -> Answer<SubscribeToken> {
        grant.allow(Scope::Publish)?;
        self.limits.publish(&grant.id)?;
        let Channel::Private(channel) = channel.parse()? else {
            return Err(QuadError::Forbidden);
        };
        let seconds = seconds.unwrap_or(USUAL);
        if !(1..=LONGEST).contains(&seconds) {
            return Err(QuadError::invalid(
                "expires_in",
                "out_of_range",
                "A token is good for 1 to 86,400 seconds.",
            ));
        }
        if !self.store.own_channel(&channel, &grant.id).await? {
            return Err(QuadError::Forbidden);
        }
        let claims = Claims {
            channel,
            user,
            until: now() + seconds * 1_000,
        };
        let token = self.signer().await?.sign(&claims);
        Ok(SubscribeToken {
            token: token.map_err(|_| QuadError::Internal)?,
            expires_at: claims.until,
        })
    }

    /// Until when somebody may listen to a private channel: for ever for the program that it belongs
    /// to. Errors: `forbidden`.
    pub async fn may_listen(
        &self,
        owner: &Owner,
        channel: &str,
        token: Option<&str>,
    ) -> Answer<Option<u64>> {
        let Some(token) = token else {
            return match owner {
                Owner::Token { token, .. }
                    if self.store.channel_owner(channel).await?.as_deref() == Some(&**token) =>
                {
                    Ok(None)
                }
                _ => Err(QuadError::Forbidden),
            };
        };
        let claims = self.signer().await?.read(token, now());
        let claims = claims.ok_or(QuadError::Forbidden)?;
        let bearer = claims.user.is_none() || claims.user.as_ref() == owner.user();
        if bearer && claims.channel == channel {
            Ok(Some(claims.until))
        } else {
            Err(QuadError::Forbidden)
        }
    }

    pub(super) async fn signer(&self) -> Answer<&Signer> {
        self.signing
            .0
            .get_or_try_init(|| async {
                let secret = self.secret(keys::SUBSCRIBE).await?;
                Ok(Signer::new(&secret))
            })
            .await
    }
}
