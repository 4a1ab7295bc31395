import Actors
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// The checked addresses of one provider. What is connected to is an address from here, never the
/// name, so that nothing can change between the check and the connection.
final class ProviderResolver: Sendable {
    typealias Answer = Result<[SocketAddress], UpstreamFault>

    private struct State {
        var answer: Answer?
        var askedAt = NIODeadline.uptimeNanoseconds(0)
        var isAsking = false
        var waiters: [@Sendable (Answer) -> Void] = []
    }

    private let origin: ProviderOrigin
    private let policy: AddressPolicy
    private let state = Mutex(State())

    /// Providers change their addresses within minutes; asking this often costs nothing, since
    /// calls go on with the old answer meanwhile.
    private static let validFor = TimeAmount.seconds(30)
    /// A failure is tried again sooner.
    private static let failureValidFor = TimeAmount.seconds(1)

    init(_ origin: ProviderOrigin, policy: AddressPolicy) {
        self.origin = origin
        self.policy = policy
    }

    /// Answers at once what is known; only the first calls wait. `body` runs on any thread.
    func addresses(_ body: @escaping @Sendable (Answer) -> Void) {
        let now = NIODeadline.now()
        let (known, asks) = state.withLock { state -> (Answer?, Bool) in
            let validFor = Self.validity(of: state.answer)
            let isFresh = state.answer != nil && now < state.askedAt + validFor
            let asks = !isFresh && !state.isAsking
            if asks { state.isAsking = true }
            // Old addresses are better than waiting; an old failure is not.
            let known: Answer? =
                switch state.answer {
                case .success(let addresses)?: .success(addresses)
                case .failure(let fault)? where isFresh: .failure(fault)
                case .failure?, nil: nil
                }
            if known == nil { state.waiters.append(body) }
            return (known, asks)
        }
        if let known { body(known) }
        guard asks else { return }
        NIOThreadPool.singleton.submit { _ in self.ask() }
    }

    private static func validity(of answer: Answer?) -> TimeAmount {
        if case .failure? = answer { failureValidFor } else { validFor }
    }

    private func ask() {
        let answer = resolve()
        let (waiters, told) = state.withLock { state -> ([@Sendable (Answer) -> Void], Answer) in
            state.isAsking = false
            state.askedAt = .now()
            if case .failure = answer, case .success? = state.answer {
                // A name server that is away for a moment takes no addresses away.
            } else {
                state.answer = answer
            }
            defer { state.waiters = [] }
            return (state.waiters, state.answer ?? answer)
        }
        for waiter in waiters { waiter(told) }
    }

    private func resolve() -> Answer {
        var addresses: [SocketAddress] = []
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // Safe: `hints` and `list` live through the call; the list is freed below.
        let code = unsafe getaddrinfo(origin.host, String(origin.port), &hints, &list)
        guard code == 0 else {
            return .failure(.unreachable("\(origin.host) has no address"))
        }
        defer { unsafe freeaddrinfo(list) }
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe Self.address(entry.pointee) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        let allowed = addresses.filter { address in
            address.ipAddress.flatMap { SourceAddress($0) }.map(policy.allows) ?? false
        }
        guard !allowed.isEmpty else { return .failure(.forbiddenAddress(origin.host)) }
        // IPv4 first: where only one of the two works, it is that one.
        return .success(
            allowed.filter { $0.protocol == .inet } + allowed.filter { $0.protocol != .inet })
    }

    private static func address(_ entry: addrinfo) -> SocketAddress? {
        // Safe: the family says which structure the address is, as getaddrinfo(3) promises.
        switch unsafe entry.ai_family {
        case AF_INET:
            unsafe entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                unsafe SocketAddress($0.pointee)
            }
        case AF_INET6:
            unsafe entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                unsafe SocketAddress($0.pointee)
            }
        default: nil
        }
    }
}
