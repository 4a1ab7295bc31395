import Actors
import HTTPTypes

/// Setting up the second factor and giving it up. Using it is in `AccountRoutes`.
struct TwoFactorRoutes: Sendable {
    let accounts: AccountDirectory
    let issuer: String
    let sessionAbsoluteSeconds: Int64

    var endpoints: [Endpoint] { [setup, confirm, disable, backupCodes] }

    private struct SetupEnvelope: Encodable {
        let otpauth_url: String
        let secret: String
        let qr_svg: String
        let temp_token: String
        let expires_in_seconds: Int64
    }

    private var setup: Endpoint {
        Endpoint(
            .post, "/api/auth/2fa/setup",
            "Draw a new TOTP secret and show it, once; a second setup replaces the first",
            access: .session(stepUp: true),
            response: .json(
                status: 200,
                .object([
                    .init("otpauth_url", .string()),
                    .init("secret", .string(), note: "Base32, for typing by hand."),
                    .init("qr_svg", .string()),
                    .init("temp_token", .string()),
                    .init("expires_in_seconds", .integer),
                ])),
            errors: [.twoFactorAlreadyEnabled, .storageFull]
        ) { call throws(APIError) in
            let caller = try call.session()
            let offer = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id)
                    .startSetup(for: caller.user.id, context: call.context)
            }
            let url = OTPAuthURL(issuer: issuer, account: offer.account, secret: offer.secret)
            guard let code = try? QRCode(url.text.value) else {
                throw APIError(.internalError, detail: "the otpauth URL does not fit a QR code")
            }
            return .object(
                SetupEnvelope(
                    otpauth_url: url.text.value, secret: url.secretText.value,
                    qr_svg: code.svg(), temp_token: offer.token.text.value,
                    expires_in_seconds: offer.expiresInSeconds))
        }
    }

    private struct ConfirmBody: Decodable {
        let code: String
        let temp_token: String?
    }

    private struct CodesEnvelope: Encodable {
        let user: UserJSON
        let backup_codes: [String]
    }

    /// Saying so spares people the surprise of a refused code at their next sign-in.
    private var confirm: Endpoint {
        Endpoint(
            .post, "/api/auth/2fa/confirm",
            "Turn two-factor on; answers the backup codes, once. The code is used up by this",
            access: .optionalSession, rateClass: .signIn,
            request: .json(
                .object([
                    .init("code", .code),
                    .init("temp_token", .string(), isRequired: false, note: "Without a session."),
                ])),
            response: .json(
                status: 200,
                .object([
                    .init("user", UserJSON.schema),
                    .init("backup_codes", .array(.string(example: "3-K7QMW-9XD2P-4TB"))),
                ])),
            errors: [
                .notSignedIn, .tempTokenInvalid, .tempTokenExhausted, .setupNotStarted,
                .twoFactorAlreadyEnabled, .codeInvalid, .codeMalformed, .tooManyAttempts,
                .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let body = try call.decode(ConfirmBody.self)
            let code = try body.code.asCode()
            let (owner, holder, digest) = try confirmer(of: call, tempToken: body.temp_token)
            let confirmed = try await accountRule { () throws(AccountError) in
                try await owner.confirmSetup(
                    code, of: holder, session: digest, context: call.context)
            }
            return .object(
                CodesEnvelope(
                    user: UserJSON(user: confirmed.user),
                    backup_codes: confirmed.codes.map(\.text.value)),
                cookie: confirmed.renewed.map {
                    .set($0.1, maxAgeSeconds: sessionAbsoluteSeconds)
                } ?? .keep)
        }
    }

    private func confirmer(
        of call: Call, tempToken: String?
    ) throws(APIError) -> (AccountActor, FactorHolder, TokenDigest?) {
        if case .session(let principal) = call.caller {
            let owner: AccountActor
            do throws(AccountError) {
                owner = try accounts.owner(of: principal.user.id)
            } catch {
                throw APIError(error)
            }
            return (owner, .session(principal.user.id), principal.digest)
        }
        guard let tempToken else { throw APIError(.notSignedIn) }
        guard let secret = BearerSecret(.temporary, presented: tempToken),
            let owner = try accounts.owner(of: secret)
        else { throw APIError(.tempTokenInvalid, field: "temp_token") }
        return (owner, .tempToken(secret.digest), nil)
    }

    private struct FactorBody: Decodable {
        let code: String?
        let backup_code: String?
    }

    private var disable: Endpoint {
        Endpoint(
            .post, "/api/auth/2fa/disable", "Turn two-factor off",
            access: .session(stepUp: true), rateClass: .signIn,
            request: .json(
                .object([
                    .init("code", .code, isRequired: false),
                    .init("backup_code", .string(), isRequired: false),
                ])),
            response: .json(status: 200, UserEnvelope.schema),
            errors: [
                .twoFactorNotEnabled, .codeInvalid, .codeMalformed, .tooManyAttempts,
                .twoFactorLocked, .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let caller = try call.session()
            guard caller.user.twoFactorEnabled else { throw APIError(.twoFactorNotEnabled) }
            let body = try call.decode(FactorBody.self)
            let factor = try FactorProof(code: body.code, backupCode: body.backup_code)
            let user = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id).disableSecondFactor(
                    of: caller.user.id, factor: factor, context: call.context)
            }
            return .object(UserEnvelope(user))
        }
    }

    private struct CodeBody: Decodable { let code: String }
    private struct BackupCodesEnvelope: Encodable { let backup_codes: [String] }

    private var backupCodes: Endpoint {
        Endpoint(
            .post, "/api/auth/2fa/backup-codes",
            "Make new backup codes, shown once; the old ones are dead",
            access: .session(stepUp: true), rateClass: .signIn,
            request: .json(.object([.init("code", .code)])),
            response: .json(
                status: 200, .object([.init("backup_codes", .array(.string()))])),
            errors: [
                .twoFactorNotEnabled, .codeInvalid, .codeMalformed, .tooManyAttempts,
                .twoFactorLocked, .overloaded, .storageFull,
            ]
        ) { call throws(APIError) in
            let caller = try call.session()
            let code = try call.decode(CodeBody.self).code.asCode()
            let codes = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id).replaceBackupCodes(
                    of: caller.user.id, code: code, context: call.context)
            }
            return .object(BackupCodesEnvelope(backup_codes: codes.map(\.text.value)))
        }
    }
}
