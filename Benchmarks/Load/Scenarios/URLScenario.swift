import LoadCore
import NIOCore

/// Any request to any server: to put another program beside this one.
struct URLScenario: Scenario {
    let name = "url"
    let request: ByteBuffer
    let status: Int
    let marker: String?
    let closes: Bool

    func script(worker: Int, of workers: Int) -> any Script {
        RepeatedScript(
            [request],
            Expectation(
                status: status, BodyInterest(marker: marker.map { Marker($0) }), closes: closes))
    }
}
