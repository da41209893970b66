-- Asks Vestibule whether a request may pass (forward-auth); see haproxy.cfg.
local ASK = "http://127.0.0.1:8080/auth/forward"
-- What Vestibule looks at, of all that a browser sends.
local PASSED_ON = { "cookie", "authorization", "accept", "user-agent", "x-requested-with", "upgrade",
  "sec-fetch-mode", "sec-fetch-dest" }

core.register_action("vestibule", { "http-req" }, function(txn, host)
  local sent, headers = txn.http:req_get_headers(), {}
  for _, name in ipairs(PASSED_ON) do
    local values = {}
    for at = 0, 15 do
      if sent[name] and sent[name][at] then values[#values + 1] = sent[name][at] end
    end
    if #values > 0 then headers[name] = values end
  end
  headers["x-forwarded-method"] = { txn.sf:method() }
  headers["x-forwarded-proto"] = { "https" }
  headers["x-forwarded-host"] = { host }
  headers["x-forwarded-uri"] = { txn.sf:pathq() }
  headers["x-forwarded-for"] = { txn.sf:src() }

  local answer = core.httpclient():get{ url = ASK, headers = headers, timeout = 5000 }
  -- No answer is no.
  txn:set_var("txn.vestibule_status", answer and answer.status or 403)
  local function take(variable, name)
    local values = answer and answer.headers and answer.headers[name]
    txn:set_var("txn.vestibule_" .. variable, values and values[0] or "")
  end
  take("way", "location")
  take("user", "remote-user")
  take("email", "remote-email")
  take("name", "remote-name")
  take("groups", "remote-groups")
end, 1)
