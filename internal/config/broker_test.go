package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/config"
)

const desk = `
broker:
  adapter: template
  url: https://desk.example/api
  class: C
  secret_files: {token: TOKEN}
  instruments:
    BRK.B: {symbol: BRK-B, entry: buy, lot_size: 0.5, step: 0.1}
  template:
    headers: {Authorization: 'Bearer {{secret "token"}}'}
    submit:
      path: /orders
      body: |
        {"tag": {{json .ClientOrderID}}, "qty": {{number .Quantity}}}
      answer: {codes: [200], status: state, order_id: id}
      refusal: {codes: [422], status: error}
    lookup:
      path: /orders
      list: data
      answer: {codes: [200], status: state, order_id: id, client_order_id: tag}
    words: {accepted: [OPEN], filled: [DONE], rejected: [REFUSED]}
`

func TestTemplateOfABrokerIsReadFromTheFile(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file(t, strings.ReplaceAll(desk, "TOKEN", token)),
		[]string{"FENCEPOST_BROKER_SECRETS_SECOND=seven"})
	if err != nil {
		t.Fatal(err)
	}
	made := c.Broker.TemplatedConfig()
	if made.Secrets["token"] != "hunter2" || made.Secrets["second"] != "seven" ||
		made.Settings.Submit.Answer.Codes[0] != 200 || made.Settings.Words.Filled[0] != "DONE" ||
		made.Claim != order.ClassC.Capability() {
		t.Errorf("%+v", made)
	}
	want := broker.Instrument{Symbol: "BRK-B", Entry: broker.Buy, LotSize: "0.5", Step: "0.1"}
	if got := made.Instruments["BRK.B"]; got != want {
		t.Errorf("%+v", got)
	}
	if err := c.CheckBroker(); err != nil {
		t.Error(err)
	}
}

func TestAccountIsReadFromTheFileAndTheEnvironment(t *testing.T) {
	c, err := config.Load(file(t, "broker: {adapter: alpaca, url: 'https://x', alpaca: {key_id: K}}\n"),
		[]string{"FENCEPOST_BROKER_ALPACA_SECRET_KEY=S", "FENCEPOST_BROKER_ALPACA_ORDER_TYPE=limit"})
	if err != nil {
		t.Fatal(err)
	}
	made := c.Broker.AlpacaConfig()
	if made.KeyID != "K" || made.SecretKey != "S" || made.OrderType != "limit" || made.TimeInForce != "day" {
		t.Errorf("%+v", made)
	}
	if c.Protocol().Broker != order.ClassA.Capability() {
		t.Errorf("a class that is not set is not the adapter's: %+v", c.Protocol().Broker)
	}
	c.Broker.Class = "C"
	if c.Protocol().Broker != order.ClassC.Capability() {
		t.Errorf("a class that is set is not taken: %+v", c.Protocol().Broker)
	}
}

func TestMisspeltBrokerSettingIsRefusedWithTheNearestWord(t *testing.T) {
	for text, nearest := range map[string]string{
		"broker: {adaptor: paper}\n":                            "adapter",
		"broker: {instruments: {X: {symbl: Y}}}\n":              "symbol",
		"broker: {instruments: {BRK.B: {lotsize: 1}}}\n":        "lot_size",
		"broker: {template: {submit: {answer: {state: x}}}}\n":  "status",
		"broker: {template: {words: {canceled: [x]}}}\n":        "cancelled",
		"broker: {alpaca: {keyid: x}}\n":                        "key_id",
		"broker: {template: {submit: {headers: {X: Y}}}}\n":     "",
		"broker: {instruments: {X: {symbol: Y, side: buy}}}\n":  "",
		"webhook: {sources: {tv: {token_file: [x]}}}\n":         "token_files",
		"broker: {template: {lookup: {absent: {code: [1]}}}}\n": "codes",
	} {
		_, err := config.Load(file(t, text), nil)
		var refused *config.Error
		if !errors.As(err, &refused) || refused.Nearest != nearest || len(refused.Allowed) == 0 {
			t.Errorf("%s: %v, want %q", text, err, nearest)
		}
	}
	for variable, says := range map[string]string{
		"FENCEPOST_BROKER_ADAPTER=kite":        "not one of paper, template, alpaca",
		"FENCEPOST_BROKER_INSTRUMENTS=x":       "set in the file",
		"FENCEPOST_BROKER_TEMPLATE_SUBMIT=x":   "unknown setting",
		"FENCEPOST_BROKER_SECRET_FILES=x":      "set in the file",
		"FENCEPOST_BROKER_ALPACA_SECRETKEY=xx": "FENCEPOST_BROKER_ALPACA_SECRET_KEY",
	} {
		if _, err := config.Load("", []string{variable}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", variable, err, says)
		}
	}
}

func TestSecretOfATemplateHasOnePlace(t *testing.T) {
	for says, text := range map[string]string{
		"both set":                  "broker: {secrets: {t: x}, secret_files: {t: /y}}\n",
		"broker.secret_files.t":     "broker: {secret_files: {t: /does/not/exist}}\n",
		"broker.alpaca.key_id_file": "broker: {alpaca: {key_id_file: /does/not/exist}}\n",
	} {
		if _, err := config.Load(file(t, text), nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func TestSettingOfAnotherAdapterIsRefusedByName(t *testing.T) {
	for name, text := range map[string]string{
		"broker.secret":                        "adapter: alpaca, secret: x",
		"broker.secrets":                       "adapter: paper, secrets: {t: x}",
		"broker.instruments":                   "adapter: paper, instruments: {X: {symbol: Y, entry: buy}}",
		"broker.template.headers":              "adapter: alpaca, template: {headers: {X: Y}}",
		"broker.template.words.filled":         "adapter: paper, template: {words: {filled: [DONE]}}",
		"broker.template.submit.method":        "adapter: paper, template: {submit: {method: PUT}}",
		"broker.template.submit.answer.codes":  "adapter: alpaca, template: {submit: {answer: {codes: [1]}}}",
		"broker.template.lookup.list":          "adapter: paper, template: {lookup: {list: orders}}",
		"broker.template.lookup.absent.status": "adapter: paper, template: {lookup: {absent: {status: x}}}",
		"broker.alpaca.order_type":             "adapter: paper, alpaca: {order_type: limit}",
		"broker.alpaca.time_in_force":          "adapter: template, alpaca: {time_in_force: gtc}",
		"broker.alpaca.key_id":                 "adapter: template, alpaca: {key_id: x}",
		"broker.alpaca.secret_key":             "adapter: paper, alpaca: {secret_key: x}",
	} {
		c, err := config.Load(file(t, "broker: {url: 'https://x', "+text+"}\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = c.CheckBroker()
		want := name + ": the " + string(c.Broker.Adapter) + " adapter does not read it"
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// An embedding program need not begin with the defaults.
func TestSettingThatIsNotSetIsNobodys(t *testing.T) {
	bare := config.Config{Broker: config.Broker{Adapter: config.AdapterPaper}}
	for _, c := range []config.Config{config.Default(), bare} {
		c.Broker.URL = "https://x"
		c.Broker.Secrets = map[string]config.Secret{}
		if err := c.CheckBroker(); err != nil {
			t.Error(err)
		}
	}
}
