import Hummingbird
import HummingbirdTLS
import Yams
import ArgumentParser
@main struct Server { static func main() async { print("hi") } }
