// How a token is used, ready to be pasted: with curl, and with the providers' own libraries.

export const VARIABLE = "COUNTERSIGN_TOKEN";
const HEADER = `-H "Authorization: Bearer $${VARIABLE}"`;
const PYTHON_TOKEN = `os.environ["${VARIABLE}"]`;
const NODE_TOKEN = `process.env.${VARIABLE}`;
const ANY_SID = `AC${"0".repeat(32)}`;

/** id → a call that costs nothing, and what points the libraries here. BASE is our address. */
const PROVIDERS = {
  twilio: {
    path: "/2010-04-01/Accounts/me.json",
    python: ["from twilio.rest import Client",
      `client = Client("${ANY_SID}", TOKEN)  # any SID`, 'client.api.base_url = "BASE"'],
    node: ['import twilio from "twilio";', `const client = twilio("${ANY_SID}", TOKEN);`,
      'client.api.baseUrl = "BASE";'],
  },
  alpaca: {
    path: "/v2/clock",
    python: ["from alpaca.trading.client import TradingClient",
      'client = TradingClient("any", TOKEN, url_override="BASE")', "clock = client.get_clock()"],
    node: ['const Alpaca = require("@alpacahq/alpaca-trade-api");',
      'const client = new Alpaca({ keyId: "any", secretKey: TOKEN, baseUrl: "BASE" });',
      "const clock = await client.getClock();"],
  },
  "alpaca-data": {
    path: "/v2/stocks/quotes/latest?symbols=AAPL&feed=iex",
    python: ["from alpaca.data.historical import StockHistoricalDataClient",
      'client = StockHistoricalDataClient("any", TOKEN, url_override="BASE")'],
    node: ['const Alpaca = require("@alpacahq/alpaca-trade-api");',
      'const client = new Alpaca({ keyId: "any", secretKey: TOKEN, dataBaseUrl: "BASE" });',
      'const quote = await client.getLatestQuote("AAPL");'],
  },
  polygon: {
    path: "/v1/marketstatus/now",
    python: ["from massive import RESTClient", 'client = RESTClient(TOKEN, base="BASE")',
      "status = client.get_market_status()"],
    node: ['import { restClient } from "@massive.com/client-js";',
      'const client = restClient(TOKEN, "BASE");',
      'const trade = await client.getLastStocksTrade("AAPL");'],
  },
  finnhub: {
    path: "/api/v1/quote?symbol=AAPL",
    python: ["import finnhub", 'class Client(finnhub.Client): API_URL = "BASE/api/v1"',
      "client = Client(api_key=TOKEN)"],
    node: ['const finnhub = require("finnhub");',
      'finnhub.ApiClient.instance.basePath = "BASE/api/v1";',
      'finnhub.ApiClient.instance.authentications["api_key"].apiKey = TOKEN;'],
  },
  openai: {
    path: "/v1/models",
    python: ["from openai import OpenAI", 'client = OpenAI(base_url="BASE/v1", api_key=TOKEN)',
      "models = client.models.list()"],
    node: ['import OpenAI from "openai";',
      'const client = new OpenAI({ baseURL: "BASE/v1", apiKey: TOKEN });',
      "const models = await client.models.list();"],
  },
  anthropic: {
    path: "/v1/models",
    python: ["from anthropic import Anthropic",
      'client = Anthropic(base_url="BASE", api_key=TOKEN)', "models = client.models.list()"],
    node: ['import Anthropic from "@anthropic-ai/sdk";',
      'const client = new Anthropic({ baseURL: "BASE", apiKey: TOKEN });',
      "const models = await client.models.list();"],
  },
  newsapi: {
    path: "/v2/top-headlines/sources",
    python: ["from newsapi import NewsApiClient, const",
      'const.TOP_HEADLINES_URL = "BASE/v2/top-headlines"', "client = NewsApiClient(TOKEN)"],
    node: null,
  },
  fred: {
    path: "/fred/series?series_id=GNPCA&file_type=json",
    python: ["import fredapi", 'class Fred(fredapi.Fred): root_url = "BASE/fred"',
      'series = Fred(api_key=TOKEN).get_series("GNPCA")'],
    node: null,
  },
};

/** scope → [{ title, text }] */
export function examplesOf(scope, origin) {
  const call = scope.match(/^call:([^:]+)/);
  if (call) return callExamples(call[1], origin);
  const own = OWN[scope] ?? OWN["status:read"];
  return [{ title: "curl", text: own(origin) }];
}

function callExamples(id, origin) {
  const base = `${origin}/api/integrations/${id}/call`;
  const provider = PROVIDERS[id];
  // An integration of the operator's own catalogue: only they know its paths.
  if (!provider) return [{ title: "curl", text: curl(`${base}/…`) }];
  const lines = (texts, token) => texts.join("\n").replaceAll("BASE", base)
    .replaceAll("TOKEN", token);
  return [
    { title: "curl", text: curl(base + provider.path) },
    { title: "Python", text: `import os\n${lines(provider.python, PYTHON_TOKEN)}` },
    provider.node && { title: "JavaScript", text: lines(provider.node, NODE_TOKEN) },
  ].filter(Boolean);
}

const OWN = {
  "usage:write": (origin) => posting(`${origin}/api/usage/events`, '[{"source": "my-service", '
    + '"id": "1", "integration": "openai", "operation": "POST /v1/responses", "status": "ok"}]'),
  "usage:read": (origin) => curl(`${origin}/api/integrations/openai/events?limit=50`),
  "status:read": (origin) => curl(`${origin}/api/integrations/status`),
  "alerts:send": (origin) => posting(`${origin}/api/alerts/sms`,
    '{"to": "+14155550100", "body": "Disk full"}', '-H "Idempotency-Key: alert-1"'),
  "metrics:read": (origin) => curl(`${origin}/metrics`),
  "session:read": (origin) => [`curl ${HEADER}`,
    "-H \"Cookie: __Host-countersign=$COOKIE_OF_A_USER\"", `'${origin}/api/auth/session'`,
  ].join(" \\\n  "),
};

const curl = (url) => `curl ${HEADER} \\\n  '${url}'`;

function posting(url, body, header = null) {
  return [`curl ${HEADER}`, header, "-H \"Content-Type: application/json\"", `-d '${body}'`,
    `'${url}'`].filter(Boolean).join(" \\\n  ");
}
