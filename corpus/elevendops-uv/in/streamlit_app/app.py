"""The app for those who write explanations."""

import streamlit as st

from streamlit_app.client import Client

st.set_page_config(page_title="ElevenDops", page_icon="🩺")
client = Client()

st.title("Explanations")
with st.form("topic"):
    title = st.text_input("Title")
    notes = st.text_area("Notes of the physician")
    language = st.selectbox("Language", ["en", "de", "fr", "zh"])
    if st.form_submit_button("Write"):
        with st.spinner("Writing …"):
            client.explain(title, notes, language)

for explanation in client.explanations():
    with st.expander(explanation["title"]):
        st.write(explanation["script"])
        if explanation["audio"]:
            st.audio(explanation["audio"])
