-- Drops the push subscriptions of ended sessions: KEYS[1] the inbox.
living()
