/** Configuration files as the other agents ship them, untouched. */

/** The Go agent's default file. */
export const GO_AGENT_CONF =
  `{"multi_user_mode": true,"agent_type":"btc","always_keep_downconn":false,"disconnect_when_lost_asicboost":true,"use_ip_as_worker_name":false,"ip_worker_name_format":"{1}x{2}x{3}x{4}","fixed_worker_name":"","submit_response_from_server":false,"agent_listen_ip":"0.0.0.0","agent_listen_port":3333,"proxy":[],"use_proxy":true,"direct_connect_with_proxy":false,"direct_connect_after_proxy":true,"pool_use_tls":false,"pools":[["us.ss.btc.com",1800,"YourSubAccountName"],["us.ss.btc.com",443,"YourSubAccountName"],["us.ss.btc.com",3333,"YourSubAccountName"]],"http_debug":{"enable":false,"listen":"127.0.0.1:9999"},"advanced":{"pool_connection_number_per_subaccount":5,"pool_connection_dial_timeout_seconds":15,"pool_connection_read_timeout_seconds":60,"fake_job_notify_interval_seconds":30,"tls_skip_certificate_verify":true,"message_queue_size":{"session_manager":64,"pool_session_manager":64,"pool_session":512,"miner_session":64},"bitcoin_default_version_mask":536862720}}`;

/** An example file of the C++ agent. */
export const CPP_AGENT_CONF =
  `{"agent_type":"btc","always_keep_downconn":false,"disconnect_when_lost_asicboost":true,"use_ip_as_worker_name":false,"ip_worker_name_format":"{1}x{2}x{3}x{4}","submit_response_from_server":false,"agent_listen_ip":"0.0.0.0","agent_listen_port":3333,"pool_use_tls":false,"use_iocp":false,"fixed_worker_name":"","pools":[["us.ss.btc.com",1800,"YourSubAccountName"],["us.ss.btc.com",443,"YourSubAccountName"],["us.ss.btc.com",3333,"YourSubAccountName"]]}`;
