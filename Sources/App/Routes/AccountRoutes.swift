import Actors
import HTTPTypes

/// Registration, the two steps of signing in, and what a person does with an account.
struct AccountRoutes: Sendable {
    let accounts: AccountDirectory
    let registration: RegistrationGate
    let sessionAbsoluteSeconds: Int64

    var endpoints: [Endpoint] {
        [register, login, verify, logout, stepUp, changePassword, resetPassword, changeProfile]
            + [activity]
    }

    // MARK: Signing in

    private struct RegisterBody: Decodable {
        let email: String
        let password: String
        let phone_e164: String?
    }

    private var register: Endpoint {
        Endpoint(
            .post, "/api/auth/register", "Make an account and sign in to it",
            access: .anyoneSameSite, rateClass: .registration,
            request: .json(
                .object([
                    .init("email", .string(format: "email")),
                    .init("password", .newPassword),
                    .init("phone_e164", .nullable(.phone), isRequired: false),
                ])),
            response: .json(status: 201, UserSessionEnvelope.schema),
            errors: [
                .registrationClosed, .emailTaken, .emailInvalid, .passwordTooShort,
                .passwordTooLong, .passwordCommon, .passwordInvalid, .phoneInvalid, .overloaded,
                .storageFull,
            ]
        ) { call throws(APIError) in
            guard try await registration.isOpen(accounts) else {
                throw APIError(.registrationClosed)
            }
            let body = try call.decode(RegisterBody.self)
            let email = try body.email.asEmail()
            let password = try body.password.asNewPassword(for: email)
            let phone = try body.phone_e164?.asPhone()
            let registered = try await accountRule { () throws(AccountError) in
                try await accounts.register(
                    email, password: password, phone: phone, role: nil, startsSession: true,
                    context: call.context)
            }
            guard let session = registered.session else { throw APIError(.internalError) }
            return .object(
                UserSessionEnvelope(session.principal), status: .created,
                cookie: cookie(session.secret))
        }
    }

    private struct LoginBody: Decodable {
        let email: String
        let password: String
    }

    private struct SecondFactorNeeded: Encodable {
        let requires_2fa = true
        let temp_token: String
        let expires_in_seconds: Int64
    }

    private var login: Endpoint {
        Endpoint(
            .post, "/api/auth/login",
            "Sign in with a password; with two-factor on, get a temp_token instead of a session",
            access: .anyoneSameSite, rateClass: .signIn,
            request: .json(
                .object([.init("email", .string(format: "email")), .init("password", .string())])),
            response: .json(
                status: 200,
                .object([
                    .init("user", UserJSON.schema, isRequired: false),
                    .init("session", SessionJSON.schema, isRequired: false),
                    .init("requires_2fa", .boolean, isRequired: false),
                    .init("temp_token", .string(), isRequired: false),
                    .init("expires_in_seconds", .integer, isRequired: false),
                ])),
            errors: [
                .invalidCredentials, .accountDisabled, .emailInvalid, .tooManyAttempts,
                .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let body = try call.decode(LoginBody.self)
            let email = try body.email.asEmail()
            let password = body.password.asPassword()
            let signIn = try await accountRule { () throws(AccountError) in
                try await accounts.shard(of: email)
                    .signIn(email, password: password, context: call.context)
            }
            switch signIn {
            case .signedIn(let principal, let secret):
                return .object(UserSessionEnvelope(principal), cookie: cookie(secret))
            case .secondFactorNeeded(let secret, let seconds):
                return .object(
                    SecondFactorNeeded(
                        temp_token: secret.text.value, expires_in_seconds: seconds))
            }
        }
    }

    private struct VerifyBody: Decodable {
        let temp_token: String
        let code: String?
        let backup_code: String?
    }

    private struct VerifyEnvelope: Encodable {
        let user: UserJSON
        let session: SessionJSON
        let backup_codes_remaining: Int
    }

    private var verify: Endpoint {
        Endpoint(
            .post, "/api/auth/2fa/verify", "Finish signing in with a code or a backup code",
            access: .anyoneSameSite, rateClass: .signIn,
            request: .json(
                .object([
                    .init("temp_token", .string()),
                    .init("code", .code, isRequired: false),
                    .init("backup_code", .string(), isRequired: false),
                ])),
            response: .json(
                status: 200,
                .object([
                    .init("user", UserJSON.schema), .init("session", SessionJSON.schema),
                    .init("backup_codes_remaining", .integer),
                ])),
            errors: [
                .tempTokenInvalid, .tempTokenExhausted, .codeInvalid, .codeMalformed,
                .tooManyAttempts, .twoFactorLocked, .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let body = try call.decode(VerifyBody.self)
            let factor = try FactorProof(code: body.code, backupCode: body.backup_code)
            let (owner, token) = try tempTokenOwner(body.temp_token)
            let (principal, secret) = try await accountRule { () throws(AccountError) in
                try await owner.verify(token, factor: factor, context: call.context)
            }
            return .object(
                VerifyEnvelope(
                    user: UserJSON(user: principal.user),
                    session: SessionJSON(session: principal.session, isCurrent: true),
                    backup_codes_remaining: principal.user.backupCodesRemaining),
                cookie: cookie(secret))
        }
    }

    private func tempTokenOwner(
        _ text: String
    ) throws(APIError) -> (AccountActor, TokenDigest) {
        guard let secret = BearerSecret(.temporary, presented: text),
            let owner = try accounts.owner(of: secret)
        else { throw APIError(.tempTokenInvalid, field: "temp_token") }
        return (owner, secret.digest)
    }

    private var logout: Endpoint {
        Endpoint(
            .post, "/api/auth/logout", "End this session",
            access: .session(stepUp: false),
            response: .json(status: 200, EmptyEnvelope.schema), errors: [.storageFull]
        ) { call throws(APIError) in
            let caller = try call.session()
            do throws(APIError) {
                try await accountRule { () throws(AccountError) in
                    try await accounts.owner(of: caller.user.id).endSession(
                        caller.session.id, of: caller.user.id, by: caller.digest,
                        context: call.context)
                }
            } catch  where error.code == .sessionUnknown {
                // Ended a moment ago by another request: what was asked for is so.
            }
            return .object(EmptyEnvelope(), cookie: .clear)
        }
    }

    private struct StepUpBody: Decodable {
        let password: String
        let code: String?
        let backup_code: String?
    }

    private var stepUp: Endpoint {
        Endpoint(
            .post, "/api/auth/step-up",
            "Prove password (and second factor) again, which opens the sensitive calls",
            access: .session(stepUp: false), rateClass: .signIn,
            request: .json(
                .object([
                    .init("password", .string()),
                    .init("code", .code, isRequired: false, note: "When two-factor is on."),
                    .init("backup_code", .string(), isRequired: false),
                ])),
            response: .json(status: 200, UserSessionEnvelope.schema),
            errors: [
                .invalidCredentials, .codeInvalid, .codeMalformed, .tooManyAttempts,
                .twoFactorLocked, .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let caller = try call.session()
            let body = try call.decode(StepUpBody.self)
            let password = body.password.asPassword()
            let factor =
                caller.user.twoFactorEnabled
                ? try FactorProof(code: body.code, backupCode: body.backup_code) : nil
            let (principal, secret) = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id).stepUp(
                    caller.digest, of: caller.user.id, password: password, factor: factor,
                    context: call.context)
            }
            return .object(UserSessionEnvelope(principal), cookie: cookie(secret))
        }
    }

    // MARK: Password and profile

    private struct ChangePasswordBody: Decodable {
        let current_password: String
        let new_password: String
    }

    private var changePassword: Endpoint {
        Endpoint(
            .post, "/api/auth/password/change",
            "Set a new password; every other session ends",
            access: .session(stepUp: true), rateClass: .signIn,
            request: .json(
                .object([
                    .init("current_password", .string()), .init("new_password", .newPassword),
                ])),
            response: .json(status: 200, UserSessionEnvelope.schema),
            errors: [
                .invalidCredentials, .passwordTooShort, .passwordTooLong, .passwordCommon,
                .passwordInvalid, .tooManyAttempts, .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let caller = try call.session()
            let body = try call.decode(ChangePasswordBody.self)
            let current = body.current_password.asPassword()
            let new = try body.new_password.asNewPassword(
                for: try caller.user.email.asEmail(), field: "new_password")
            let changed: (principal: SessionPrincipal, secret: BearerSecret)
            do throws(AccountError) {
                changed = try await accounts.owner(of: caller.user.id).changePassword(
                    of: caller.user.id, session: caller.digest, current: current, new: new,
                    context: call.context)
            } catch .invalidCredentials {
                throw APIError(
                    .invalidCredentials, field: "current_password",
                    message: "That is not the current password.",
                    suggestedFix: "Enter the password that you signed in with, or ask an "
                        + "administrator for a reset token.")
            } catch {
                throw APIError(error)
            }
            return .object(UserSessionEnvelope(changed.principal), cookie: cookie(changed.secret))
        }
    }

    private struct ResetPasswordBody: Decodable {
        let reset_token: String
        let new_password: String
    }

    private var resetPassword: Endpoint {
        Endpoint(
            .post, "/api/auth/password/reset",
            "Set a new password with an administrator's reset_token; every session ends",
            access: .anyoneSameSite, rateClass: .signIn,
            request: .json(
                .object([.init("reset_token", .string()), .init("new_password", .newPassword)])),
            response: .json(status: 200, EmptyEnvelope.schema),
            errors: [
                .resetTokenInvalid, .passwordTooShort, .passwordTooLong, .passwordCommon,
                .passwordInvalid, .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let body = try call.decode(ResetPasswordBody.self)
            guard let secret = BearerSecret(.passwordReset, presented: body.reset_token),
                let owner = try accounts.owner(of: secret)
            else { throw APIError(.resetTokenInvalid, field: "reset_token") }
            try await accountRule { () throws(AccountError) in
                try await owner.resetPassword(
                    secret.digest,
                    to: { (email) throws(PasswordRejection) in
                        try PasswordRules.checkNew(body.new_password, email: email)
                    },
                    context: call.context)
            }
            return .object(EmptyEnvelope())
        }
    }

    private struct ProfileBody: Decodable {
        let phone_e164: String?

        enum CodingKeys: CodingKey { case phone_e164 }

        /// Null removes the number; leaving the member out is a mistake, not a wish.
        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            phone_e164 = try object.decode(String?.self, forKey: .phone_e164)
        }
    }

    private var changeProfile: Endpoint {
        Endpoint(
            .patch, "/api/auth/profile", "Change the phone number; null removes it",
            access: .session(stepUp: true),
            request: .json(.object([.init("phone_e164", .nullable(.phone))])),
            response: .json(status: 200, UserEnvelope.schema),
            errors: [.phoneInvalid, .storageFull]
        ) { call throws(APIError) in
            let caller = try call.session()
            let phone = try call.decode(ProfileBody.self).phone_e164?.asPhone()
            let user = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id)
                    .changePhone(of: caller.user.id, to: phone, context: call.context)
            }
            return .object(UserEnvelope(user))
        }
    }

    private struct ActivityEnvelope: Encodable {
        let events: [ActivityJSON]
        let next_cursor: String?

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: CodingKeys.self)
            try object.encode(events, forKey: .events)
            try object.encode(next_cursor, forKey: .next_cursor)
        }

        enum CodingKeys: CodingKey { case events, next_cursor }
    }

    private var activity: Endpoint {
        Endpoint(
            .get, "/api/auth/activity", "The last security events of this account, newest first",
            access: .session(stepUp: false), rateClass: .reads,
            response: .json(
                status: 200,
                .object([
                    .init("events", .array(ActivityJSON.schema)),
                    .init("next_cursor", .nullable(.string())),
                ]))
        ) { call throws(APIError) in
            let caller = try call.session()
            let entries = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id).activity(of: caller.user.id)
            }
            return .object(
                ActivityEnvelope(events: entries.map(ActivityJSON.init), next_cursor: nil))
        }
    }

    private func cookie(_ secret: BearerSecret) -> Reply.CookieChange {
        .set(secret, maxAgeSeconds: sessionAbsoluteSeconds)
    }
}
