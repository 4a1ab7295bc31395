import Testing

@testable import App

@Suite("Routes and the names of operations")
struct RouteTemplateTests {
    @Test("a segment is a literal, or one name in braces with perhaps an ending")
    func segments() throws {
        let plain = try #require(RouteTemplate("/v1/models/{model}"))
        #expect(plain.segments == ["v1", "models", nil] && plain.text == "/v1/models/{model}")
        #expect(RouteTemplate("/Accounts/{sid}.json")?.segments == ["Accounts", nil])
        #expect(RouteTemplate("/v2/orders:by_client_order_id")?.segments.count == 2)
        // Empty ones are kept; the names of operations leave them out.
        #expect(RouteTemplate("/api/v1//quote")?.segments == ["api", "v1", "", "quote"])
    }

    @Test(
        "what is no such path is refused",
        arguments: [
            "", "v1/models", "/v1/{Model}", "/v1/{}", "/v1/{a}{b}", "/v1/x{a}", "/v1/{a", "/v1/a}",
            "/v1/a b", "/v1/%41", "/v1/é", "/v1?x=y", "/" + String(repeating: "a", count: 200),
        ])
    func refused(text: String) {
        #expect(RouteTemplate(text) == nil)
    }

    @Test(
        "what the clients ask for has its operation, with no id in it",
        arguments: [
            ("openai", "/v1/chat/completions", "/v1/chat/completions"),
            ("openai", "/v1/models/gpt-5-mini", "/v1/models/{model}"),
            (
                "openai", "/v1/responses/resp_1/input_items",
                "/v1/responses/{response_id}/input_items"
            ),
            ("openai", "/v1/responses/compact", "/v1/responses/compact"),
            ("openai", "/v1/files/file-1/content", "/v1/files/{file_id}/content"),
            ("openai", "/v1/threads/runs", "/v1/threads/runs"),
            ("anthropic", "/v1/messages/count_tokens", "/v1/messages/count_tokens"),
            ("anthropic", "/v1/messages/batches/msgb_1", "/v1/messages/batches/{batch_id}"),
            (
                "twilio", "/2010-04-01/Accounts/AC1/Messages.json",
                "/2010-04-01/Accounts/{sid}/Messages.json"
            ),
            (
                "twilio", "/2010-04-01/Accounts/AC1/Messages/SM1.json",
                "/2010-04-01/Accounts/{sid}/Messages/{message_sid}.json"
            ),
            ("twilio", "/2010-04-01/Accounts/AC1.json", "/2010-04-01/Accounts/{sid}.json"),
            ("alpaca", "/v2/orders/61e69015", "/v2/orders/{order_id}"),
            ("alpaca", "/v2/orders:by_client_order_id", "/v2/orders:by_client_order_id"),
            ("alpaca", "/v2/positions/AAPL", "/v2/positions/{symbol}"),
            ("alpaca-data", "/v2/stocks/quotes/latest", "/v2/stocks/quotes/latest"),
            ("alpaca-data", "/v2/stocks/bars/latest", "/v2/stocks/bars/latest"),
            ("alpaca-data", "/v2/stocks/AAPL/bars", "/v2/stocks/{symbol}/bars"),
            (
                "alpaca-data", "/v1beta3/crypto/us/latest/quotes",
                "/v1beta3/crypto/{location}/latest/quotes"
            ),
            (
                "polygon", "/v2/aggs/ticker/AAPL/range/1/day/2026-01-05/2026-01-09",
                "/v2/aggs/ticker/{ticker}/range/{multiplier}/{timespan}/{from}/{to}"
            ),
            ("polygon", "/v3/reference/tickers/types", "/v3/reference/tickers/types"),
            ("polygon", "/v3/reference/tickers/AAPL", "/v3/reference/tickers/{ticker}"),
            ("polygon", "/v3/snapshot/options/AAPL", "/v3/snapshot/options/{ticker}"),
            ("finnhub", "/api/v1//quote", "/api/v1/quote"),
            ("finnhub", "/api/v1/stock/profile2", "/api/v1/stock/profile2"),
            ("newsapi", "/v2/top-headlines/sources", "/v2/top-headlines/sources"),
            ("fred", "/fred/series/observations", "/fred/series/observations"),
        ])
    func operations(id: String, path: String, route: String) throws {
        let names = OperationNames(try CatalogUnderTest.shipped(id).calls.routes)
        #expect(names.name("GET", path[...]) == "GET \(route)")
    }
}
