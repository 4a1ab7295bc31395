/// The one table of everything that can go wrong: status, message and fix of each code. The
/// answers, `GET /api/errors`, docs/errors.md and the OpenAPI document all read it here; a code
/// without an entry does not compile.
extension ErrorCode {
    package var definition: ErrorDefinition {
        switch self {
        case .invalidRequest:
            .init(
                400, "The request is not valid HTTP.",
                fix: "Send a well-formed HTTP/1.1 request with one Host and at most one length.")
        case .malformedJSON:
            .init(
                400, "The body is not valid JSON.",
                fix: "Send a body that a JSON parser accepts, encoded as UTF-8.")
        case .headerMissing:
            .init(
                400, "A header that this endpoint needs is missing.",
                fix: "Add the header that `field` names.")
        case .headerInvalid:
            .init(
                400, "A header has a value that is not allowed.",
                fix: "Correct the header that `field` names.")
        case .requestTimeout:
            .init(
                408, "The request did not arrive in time.",
                fix: "Send the whole request without long pauses.")
        case .bodyTooLarge:
            .init(
                413, "The body is larger than this endpoint accepts.",
                fix: "Send a smaller body, or split it over several requests.")
        case .uriTooLong:
            .init(
                414, "The request's target is too long.",
                fix: "Shorten the path and the query to at most 8 KiB.")
        case .headersTooLarge:
            .init(
                431, "The request's headers are too large.",
                fix: "Send at most 16 KiB of headers; large cookies are the usual reason.")
        case .unsupportedMediaType:
            .init(
                415, "The body's content type is not one that this endpoint reads.",
                fix: "Set Content-Type to application/json, or to a type that /openapi.json lists.")
        case .expectationFailed:
            .init(
                417, "The Expect header asks for something other than 100-continue.",
                fix: "Remove the Expect header.")

        case .notSignedIn:
            .init(
                401, "This needs a signed-in session, or a token where one is allowed.",
                fix: "Sign in with POST /api/auth/login, then repeat the request.")
        case .invalidCredentials:
            .init(
                401, "The email address and the password do not belong together.",
                fix: "Check both; an administrator can start a password reset.")
        case .codeInvalid:
            .init(
                401, "The code is wrong, or it was used before.",
                fix: "Wait for the next code of the authenticator app; check the device's clock.")
        case .tempTokenInvalid:
            .init(
                401, "The temp_token is unknown, used up or expired.",
                fix: "Start again at POST /api/auth/login, or at the set-up that made it.")
        case .tempTokenExhausted:
            .init(
                401, "The temp_token has had all its tries.",
                fix: "Start again at POST /api/auth/login.")
        case .tokenInvalid:
            .init(
                401, "The bearer token is unknown, ended or expired.",
                fix: "Use a token that GET /api/tokens lists, or ask an administrator for one.")
        case .resetTokenInvalid:
            .init(
                401, "The reset_token is unknown, used up or expired.",
                fix: "Ask an administrator for a new one; it lives for one hour.")

        case .forbidden:
            .init(
                403, "This caller may not do that.",
                fix: "Use an administrator's session.")
        case .scopeMissing:
            .init(
                403, "The token has no scope for this endpoint.",
                fix: "Mint a token with the scope that the message names.")
        case .stepUpRequired:
            .init(
                403, "This needs a more recent proof of who you are.",
                fix: "Send the password (and a code) to POST /api/auth/step-up, then repeat.")
        case .crossSite:
            .init(
                403, "The request came from another site.",
                fix: "Send it from this server's own pages, or with a bearer token.")
        case .accountDisabled:
            .init(
                403, "The account is disabled.",
                fix: "Ask an administrator to enable it.")
        case .registrationClosed:
            .init(
                403, "Registration is closed on this installation.",
                fix: "Ask an administrator for an account, or set `registration: open`.")
        case .twoFactorLocked:
            .init(
                403, "Too many wrong codes: the authenticator app is locked for this account.",
                fix: "Sign in with the password and a backup code, or ask an administrator.")

        case .notFound:
            .init(
                404, "There is nothing at this path.",
                fix: "Compare the path with /openapi.json; a slash at the end is not ignored.")
        case .methodNotAllowed:
            .init(
                405, "The path exists, but not with this method.",
                fix: "Use one of the methods in the Allow header.")
        case .integrationUnknown:
            .init(
                404, "There is no integration with this id.",
                fix: "Use an id that GET /api/integrations/status lists.")
        case .userUnknown:
            .init(
                404, "There is no user with this id.",
                fix: "Use an id that GET /api/admin/users lists.")
        case .sessionUnknown:
            .init(
                404, "There is no session with this id.",
                fix: "Use an id that GET /api/auth/sessions lists; it may have ended already.")
        case .tokenUnknown:
            .init(
                404, "There is no token with this id.",
                fix: "Use an id that GET /api/tokens lists; it may have ended already.")
        case .traceUnknown:
            .init(
                404, "Nothing is known under this trace id.",
                fix: "Check the id; only its owner and administrators see what happened under it.")

        case .emailTaken:
            .init(
                409, "There is already an account with this email address.",
                fix: "Sign in instead, or register another address.")
        case .twoFactorAlreadyEnabled:
            .init(
                409, "Two-factor authentication is already on.",
                fix: "Turn it off with POST /api/auth/2fa/disable before setting it up anew.")
        case .twoFactorNotEnabled:
            .init(
                409, "Two-factor authentication is not on.",
                fix: "Set it up with POST /api/auth/2fa/setup first.")
        case .setupNotStarted:
            .init(
                409, "No set-up of two-factor authentication is waiting for its code.",
                fix: "Start one with POST /api/auth/2fa/setup; it expires after a while.")
        case .idempotencyConflict:
            .init(
                409, "This Idempotency-Key was used with another body.",
                fix: "Send a new key with a new request, the old key only to repeat the old one.")
        case .eventConflict:
            .init(
                409, "An event with this source and id was recorded with another content.",
                fix: "Give every event an id of its own.")
        case .limitReached:
            .init(
                409, "There are already as many of these as one account may have.",
                fix: "End some that are no longer needed.")
        case .lastAdmin:
            .init(
                409, "This is the only enabled administrator.",
                fix: "Make another account an administrator first.")

        case .validationFailed:
            .init(
                422, "A value in the request is missing or not allowed.",
                fix: "Correct what `field` names; /openapi.json describes every value.")
        case .emailInvalid:
            .init(
                422, "This is not an email address.",
                fix: "Send an address such as name@example.com.")
        case .passwordTooShort:
            .init(
                422, "The password is too short.",
                fix: "Use at least 8 characters; a few words are easy to remember.")
        case .passwordTooLong:
            .init(
                422, "The password is too long.",
                fix: "Use at most 128 characters.")
        case .passwordCommon:
            .init(
                422, "The password is one of the most common ones, which attackers try first.",
                fix: "Choose one that is not on every list; a few random words will do.")
        case .passwordInvalid:
            .init(
                422, "The password has characters that cannot be used.",
                fix: "Use printable characters of valid Unicode.")
        case .phoneInvalid:
            .init(
                422, "This is not a phone number in E.164 form.",
                fix: "Write it with a plus sign and the country code: +14155550100.")
        case .codeMalformed:
            .init(
                422, "This does not have the shape of a code; it was not counted as a try.",
                fix: "Send six digits, or a backup code as it was shown.")
        case .cursorInvalid:
            .init(
                422, "The cursor is not one that this server made.",
                fix: "Send the next_cursor of the page before unchanged, or none to begin.")
        case .scopeUnknown:
            .init(
                422, "There is no such scope.",
                fix: "Use the scopes that /openapi.json lists.")
        case .eventTooOld:
            .init(
                422, "The event is older than 24 hours.",
                fix: "Report events within 24 hours of their time in `at`.")
        case .eventInFuture:
            .init(
                422, "The event lies more than 5 minutes in the future.",
                fix: "Check the reporter's clock.")

        case .pathNotAllowed:
            .init(
                400, "The path has parts that could lead somewhere else than they seem to.",
                fix: "Send the provider's path without dot segments, backslashes and encoded "
                    + "separators or control characters.")
        case .notConfigured:
            .init(
                503, "The credentials of this integration are not set.",
                fix: "Set the variables that GET /api/integrations/status names, then restart.")
        case .envMalformed:
            .init(
                503, "The credentials of this integration can't be right.",
                fix: "Correct what GET /api/integrations/status names, then restart.")
        case .ambiguous:
            .init(
                502, "It may or may not have happened: the provider gave no clear answer.",
                fix: "Look it up at the provider before you send it again.")
        case .optedOut:
            .init(
                409, "The recipient has asked for no more messages.",
                fix: "The recipient has to send START to the sender's number.")
        case .badRecipient:
            .init(
                422, "The provider can't send to this number.",
                fix: "Check the number; it has to be a mobile number in E.164 form.")
        case .badSender:
            .init(
                502, "The provider does not accept the sender's number.",
                fix: "Set TWILIO_FROM_NUMBER to a number of the account that can send messages.")
        case .signatureInvalid:
            .init(
                403, "The signature is not the provider's.",
                fix: "Check that public_url is what the provider calls, and its auth token.")
        case .providerRejected:
            .init(
                502, "The provider refused the request.",
                fix: "Read the message, and the event under this trace id.")
        case .authFailed:
            .init(
                502, "The provider does not accept our credentials.",
                fix: "Correct the variables of this integration, then restart the server.")
        case .geoPermission:
            .init(
                502, "The provider's account may not send to this country.",
                fix: "Enable the country in the provider's console.")
        case .trialUnverified:
            .init(
                502, "The provider's account is a trial and may send to verified numbers only.",
                fix: "Verify the number in the provider's console, or upgrade the account.")
        case .senderUnregistered:
            .init(
                502, "The sender's number is not registered for messages from programs.",
                fix: "Register the number (A2P 10DLC) in the provider's console.")
        case .queueFull:
            .init(
                502, "Too many messages wait at the provider for the sender's number.",
                fix: "Send less, or add numbers to the account; try again in some hours.")
        case .redirectBlocked:
            .init(
                502, "The provider redirects to another host, where its credentials must not go.",
                fix: "Call the address that the provider's documentation names now.")
        case .upstreamUnreachable:
            .init(
                502, "The provider can't be reached.",
                fix: "Try again later; GET /api/integrations/status says since when.")
        case .upstreamInvalid:
            .init(
                502, "The provider's answer broke off or is no valid HTTP.",
                fix: "Try again; what can't be repeated, look up at the provider first.")
        case .upstreamTimeout:
            .init(
                504, "The provider did not answer in time.",
                fix: "Try again later; what can't be repeated, look up at the provider first.")

        case .rateLimited:
            .init(
                429, "Too many requests.",
                fix: "Wait as long as Retry-After says.")
        case .tooManyAttempts:
            .init(
                429, "Too many failed attempts; nothing is judged for a while.",
                fix: "Wait as long as Retry-After says, then try once with the right code.")

        case .internalError:
            .init(
                500, "Something went wrong on the server; the operator's log has the details.",
                fix: "Try again; if it stays, give the operator the trace_id.")
        case .overloaded:
            .init(
                503, "The server has more work than it can do right now.",
                fix: "Wait as long as Retry-After says, then try again.")
        case .shuttingDown:
            .init(
                503, "The server is stopping.",
                fix: "Try again in a few seconds.")
        case .notReady:
            .init(
                503, "The server cannot serve requests yet, or its disk refuses writes.",
                fix: "Wait, and see the operator's log for what it is waiting for.")
        case .storageFull:
            .init(
                507, "The server's disk is full, so nothing new can be kept.",
                fix: "The operator has to free disk space; reading goes on meanwhile.")
        }
    }
}
