FROM {{ base }}
{% if x %}
RUN {{ command }} && echo {{"{{"}}
{% endif %}
ENV A={{a}}
