# Real programs at home (and small ones where nothing real shows what must be seen).
# shellcheck shell=bash

listens() { in_ns "$1" ss -Hltn "sport = :$2" | grep -q .; } # NS PORT
listening_ports() { in_ns "$1" ss -Hltn | awk '{ sub(/.*:/, "", $4); print $4 }' | sort -un; } # NS

open_ports() { # NS ADDRESS OF: from NS, what answers at that address of namespace OF
  local ports
  mapfile -t ports < <(listening_ports "$3")
  in_ns "$1" "$PYTHON" "$LIB/open-ports.py" "$2" "${ports[@]}"
}

wait_port() { until_ok 10 listens "$1" "$2"; }

webdav_start() { # NS ADDRESS: rclone on port 8084, user u, password p
  mkdir -p "$RUN/files/dav"
  spawn rclone "$1" rclone serve webdav "$RUN/files/dav" --addr "$2:8084" --user u --pass p --config "$RUN/rclone.conf"
  wait_port "$1" 8084
}

# 8085 plain HTTP, 8086 behind PROXY; logs who it saw. Serves $RUN/files/www.
nginx_start() { # NS ADDRESS
  mkdir -p "$RUN/files/www" "$RUN/nginx"
  echo hello >"$RUN/files/www/index.html"
  cat >"$RUN/nginx/nginx.conf" <<CONF
daemon off;
user root;
pid $RUN/nginx/pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  log_not_found off;
  sendfile on;
  client_body_temp_path $RUN/nginx/body;
  proxy_temp_path $RUN/nginx/proxy;
  fastcgi_temp_path $RUN/nginx/fastcgi;
  uwsgi_temp_path $RUN/nginx/uwsgi;
  scgi_temp_path $RUN/nginx/scgi;
  log_format proxy '\$uri proxy=\$proxy_protocol_addr:\$proxy_protocol_port';
  log_format headers escape=none '\$uri host=\$http_host xff=\$http_x_forwarded_for xri=\$http_x_real_ip proto=\$http_x_forwarded_proto '
    'xfh=\$http_x_forwarded_host fwd=\$http_forwarded';
  server {
    listen $2:8085;
    access_log $RUN/nginx/headers.log headers;
    root $RUN/files/www;
  }
  server {
    listen $2:8086 proxy_protocol;
    access_log $RUN/nginx/proxy.log proxy;
    root $RUN/files/www;
  }
}
CONF
  spawn nginx "$1" nginx -p "$RUN/nginx" -e stderr -c "$RUN/nginx/nginx.conf"
  wait_port "$1" 8085
}

sshd_start() { # NS ADDRESS: port 2022, root by key
  local pam=no
  # Without PAM, sshd refuses an account whose password is locked by '!'.
  if getent shadow root | cut -d: -f2 | grep -q '^!'; then pam=yes; fi
  mkdir -p /run/sshd "$RUN/ssh"
  chmod 700 "$RUN/ssh"
  ssh-keygen -q -t ed25519 -N '' -f "$RUN/ssh/host"
  ssh-keygen -q -t ed25519 -N '' -f "$RUN/ssh/user"
  cp "$RUN/ssh/user.pub" "$RUN/ssh/authorized"
  spawn sshd "$1" /usr/sbin/sshd -D -e -f /dev/null -h "$RUN/ssh/host" -o ListenAddress="$2:2022" -o UsePAM=$pam \
    -o PidFile=none -o StrictModes=no -o AuthorizedKeysFile="$RUN/ssh/authorized" -o PermitRootLogin=prohibit-password \
    -o Subsystem='sftp internal-sftp'
  wait_port "$1" 2022
}

SSH_OPTIONS=(-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes
  -o ConnectTimeout=10)

scp_from_visitor() { # PORT FROM TO
  in_ns visitor timeout 180 scp -q "${SSH_OPTIONS[@]}" -i "$RUN/ssh/user" -P "$1" "$2" "$3"
}

socat_start() { # NAME NS ADDRESS PORT WHAT…: listens and does WHAT per connection
  local name=$1 ns=$2 address=$3 port=$4
  shift 4
  spawn "$name" "$ns" socat -t 60 "TCP-LISTEN:$port,bind=$address,fork,reuseaddr" "$@"
  wait_port "$ns" "$port"
}

ws_start() { # NS ADDRESS: a WebSocket echo on port 8087
  spawn websocket "$1" "$PYTHON" "$LIB/ws-echo.py" "$2" 8087
  wait_port "$1" 8087
}

backend_start() { # NAME NS ADDRESS PORT: says who it is; what it was asked stands in $RUN/files/NAME.asked
  spawn "$1" "$2" "$PYTHON" "$LIB/backend.py" "$3" "$4" "$1" "$RUN/files/$1.asked"
  wait_port "$2" "$4"
}
