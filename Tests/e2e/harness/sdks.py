"""The providers' own clients, as they come from PyPI: only the base URL is ours. Each is imported
where it is used, for some of them take seconds."""

RETRIES = 0


def openai_client(base: str, key: str, *, asynchronous: bool = False):
    import openai

    kind = openai.AsyncOpenAI if asynchronous else openai.OpenAI
    return kind(base_url=base + "/v1", api_key=key, max_retries=RETRIES)


def anthropic_client(base: str, key: str):
    import anthropic

    return anthropic.Anthropic(base_url=base, api_key=key, max_retries=RETRIES)


def twilio_client(base: str, account_sid: str, key: str):
    from twilio.rest import Client

    client = Client(account_sid, key)
    client.api.base_url = base
    return client


def alpaca_trading_client(base: str, key_id: str, key: str):
    from alpaca.trading.client import TradingClient

    return TradingClient(key_id, key, url_override=base)


def alpaca_data_client(base: str, key_id: str, key: str):
    from alpaca.data.historical import StockHistoricalDataClient

    return StockHistoricalDataClient(key_id, key, url_override=base)


def polygon_client(base: str, key: str):
    from polygon import RESTClient

    return RESTClient(key, base=base, retries=RETRIES)


def massive_client(base: str, key: str):
    from massive import RESTClient

    return RESTClient(key, base=base, retries=RETRIES)


def finnhub_client(base: str, key: str):
    import finnhub

    class Client(finnhub.Client):
        API_URL = base + "/api/v1"

    return Client(api_key=key)


def newsapi_client(base: str, key: str):
    from newsapi import NewsApiClient, const

    const.TOP_HEADLINES_URL = base + "/v2/top-headlines"
    const.EVERYTHING_URL = base + "/v2/everything"
    const.SOURCES_URL = base + "/v2/top-headlines/sources"
    return NewsApiClient(key)


def fred_client(base: str, key: str):
    import fredapi

    class Fred(fredapi.Fred):
        root_url = base + "/fred"

    return Fred(api_key=key)
