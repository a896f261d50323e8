//! Private channels: `private:NAME` belongs to the program that first used it, which decides who may
//! listen by the tokens that it hands out.

use app::{backend::Answer, error::QuadError, model::UserId};
use tokio::sync::OnceCell;

use super::{Service, channels::Channel, tokens::Grant};
use crate::{
    audit,
    live::hub::Owner,
    security::{
        subscribe_token::{Claims, Signer},
        token::{Scope, public_id},
    },
    store::{
        channels::{BROADCASTS, Claim},
        keys, now,
    },
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
        self.own_channel(grant, &channel).await?;
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

    /// Until when somebody may listen to a private channel; milliseconds since 1970. The program that
    /// it belongs to renews its claim by listening, and listens no longer than the claim holds.
    /// Errors: `forbidden`.
    pub async fn may_listen(
        &self,
        owner: &Owner,
        channel: &str,
        token: Option<&str>,
    ) -> Answer<u64> {
        let Some(token) = token else {
            return match owner {
                Owner::Token { token, .. }
                    if self.owner_of(channel).await?.as_deref() == Some(&**token) =>
                {
                    self.store.keep_channel(channel).await?;
                    Ok(now() + BROADCASTS.numbers)
                }
                _ => Err(QuadError::Forbidden),
            };
        };
        let claims = self.signer().await?.read(token, now());
        let claims = claims.ok_or(QuadError::Forbidden)?;
        let bearer = claims.user.is_none() || claims.user.as_ref() == owner.user();
        if !bearer || claims.channel != channel {
            return Err(QuadError::Forbidden);
        }
        // What a program handed out ends with the program: whoever stole its token may have made
        // some for themselves.
        match self.owner_of(channel).await? {
            Some(program) if self.grant_lives(&program).await? => Ok(claims.until),
            _ => Err(QuadError::Forbidden),
        }
    }

    /// Claims a private channel, where nobody has. Errors: `forbidden` where it is another program's,
    /// or was: a channel passes to nobody while there is something to read on it.
    pub(super) async fn own_channel(&self, grant: &Grant, channel: &str) -> Answer<()> {
        match self.store.own_channel(channel, &grant.id).await? {
            Claim::Kept => Ok(()),
            Claim::New => {
                audit::channel_claimed(channel, &public_id(&grant.id));
                Ok(())
            }
            Claim::OfAnother => Err(QuadError::Forbidden),
        }
    }

    /// The hash of the token that a private channel belongs to.
    pub(super) async fn owner_of(&self, channel: &str) -> Answer<Option<String>> {
        let owners = self.store.channel_owners(&[channel]).await?;
        Ok(owners.into_iter().flatten().next())
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
